import type { WorkspaceGrant } from '@rivergate/caller';
import { workspacesWith } from '@rivergate/caller';
import { endpoints, Id } from '@rivergate/endpoint';
import { type ServiceUnderTest, signedIn, startServiceUnderTest } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineService } from '../index.ts';

const endpoint = endpoints();
const facts = { summary: 'Prompts', caller: 'perm:prompt.read', activeOrganization: true } as const;
const answer = z.object({ in: z.array(Id) });
const nowhere = async () => ({ in: [] });

const module = {
  tag: 'Prompts',
  endpoints: [
    endpoint({ ...facts, operation: 'listPrompts', method: 'get', path: '/prompts', answer }, nowhere),
    endpoint(
      {
        ...facts,
        operation: 'listPromptsOfWorkspace',
        method: 'get',
        path: '/workspaces/:workspace_id/prompts',
        workspace: 'params.workspace_id',
        params: z.object({ workspace_id: Id }),
        answer,
      },
      nowhere,
    ),
    endpoint(
      {
        ...facts,
        operation: 'findPrompts',
        method: 'get',
        path: '/prompts/found',
        workspace: 'query.workspace_id',
        query: z.object({ workspace_id: Id.optional() }),
        answer,
      },
      nowhere,
    ),
    endpoint(
      {
        ...facts,
        operation: 'createPrompt',
        method: 'post',
        path: '/prompts',
        workspace: 'body.workspace_id',
        body: z.object({ workspace_id: Id }),
        answer,
      },
      nowhere,
    ),
    endpoint(
      {
        ...facts,
        operation: 'listPromptsEverywhere',
        method: 'get',
        path: '/prompts/everywhere',
        workspace: 'every',
        answer,
      },
      async ({ caller }) => ({ in: [...workspacesWith(caller, 'prompt.read')] }),
    ),
  ],
};

let service: ServiceUnderTest;
beforeAll(async () => {
  service = await startServiceUnderTest(defineService({ name: 'prompt', modules: [module] }));
});
afterAll(async () => await service?.stop());

const holder = (workspaces: readonly WorkspaceGrant[], permissions: readonly string[] = []) =>
  service.as(signedIn({ userId: 1, organizationId: 1, permissions, workspaces }));
const reader = (...workspaceIds: number[]) => holder([{ workspaceIds, permissions: ['prompt.read'] }]);

describe('a permission held in a workspace', () => {
  it('counts where the request names that workspace, by path, query or body', async () => {
    for (const [id, status] of [
      [5, 200],
      [6, 200],
      [7, 403],
    ] as const) {
      await reader(5, 6).get(`/api/v1/workspaces/${id}/prompts`).expect(status);
      await reader(5, 6).get(`/api/v1/prompts/found?workspace_id=${id}`).expect(status);
      await reader(5, 6).post('/api/v1/prompts', { workspace_id: id }).expect(status);
    }
  });

  it('counts not where the request names none, and not where the endpoint is about no workspace', async () => {
    await reader(5).get('/api/v1/prompts/found').expect(403);
    await reader(5).get('/api/v1/prompts').expect(403);
  });

  it('is that permission and no other', async () => {
    const writer = holder([{ workspaceIds: [5], permissions: ['prompt.write'] }]);
    await writer.get('/api/v1/workspaces/5/prompts').expect(403);
    await holder([{ workspaceIds: [5], permissions: ['*'] }])
      .get('/api/v1/workspaces/5/prompts')
      .expect(200);
  });

  it('leaves a caller without it in any workspace nothing of the form of a body to learn', async () => {
    await holder([]).post('/api/v1/prompts', { wrong: true }).expect(403);
    await reader(5).post('/api/v1/prompts', { wrong: true }).expect(422);
  });

  it('is told to a handler that asks about every workspace', async () => {
    expect((await reader(5, 6).get('/api/v1/prompts/everywhere')).body.data.in).toEqual([5, 6]);
    await holder([{ workspaceIds: [5], permissions: ['prompt.write'] }])
      .get('/api/v1/prompts/everywhere')
      .expect(403);
  });
});

describe('a permission held organization-wide', () => {
  it('counts in every workspace', async () => {
    const wide = holder([], ['prompt.read']);
    await wide.get('/api/v1/workspaces/7/prompts').expect(200);
    await wide.get('/api/v1/prompts/found').expect(200);
    await wide.post('/api/v1/prompts', { workspace_id: 7 }).expect(200);
  });
});

describe('rights in thousands of workspaces', () => {
  it('reach the service', async () => {
    const ids = Array.from({ length: 8_000 }, (_, index) => 1_000_000 + index);
    const found = await reader(...ids)
      .get('/api/v1/prompts/everywhere')
      .expect(200);
    expect(found.body.data.in).toHaveLength(8_000);
  });
});

describe('a declaration', () => {
  it('that names a workspace by what it does not take stops the service from starting', () => {
    const declare = (more: object) => () =>
      endpoint({ ...facts, operation: 'x', method: 'get', path: '/x', ...more } as never, nowhere as never);
    expect(declare({ workspace: 'query.workspace_id' })).toThrow('which it does not take');
    expect(declare({ workspace: 'every', caller: 'public', activeOrganization: undefined })).toThrow(
      'needs no signed-in caller',
    );
  });
});
