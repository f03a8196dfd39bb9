import { boundTo } from '@rivergate/caller';
import { endpoints, Id } from '@rivergate/endpoint';
import {
  administrator,
  expectError,
  type ServiceUnderTest,
  signedIn,
  startServiceUnderTest,
} from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineService } from '../index.ts';

const ORGANIZATION = 5;

const endpoint = endpoints();
const ofAccounts = endpoints({ boundSessions: true });
const post = {
  summary: 'A thing',
  caller: 'user',
  idempotency: false,
  method: 'post',
  status: 204,
} as const;
const nothing = async () => {};
const params = z.object({ org_id: Id });

const module = {
  tag: 'Things',
  endpoints: [
    endpoint({ ...post, operation: 'there', path: '/organizations/:org_id/things', params }, nothing),
    endpoint({ ...post, operation: 'here', path: '/here', activeOrganization: true }, nothing),
    endpoint({ ...post, operation: 'anywhere', path: '/anywhere' }, nothing),
    endpoint({ ...post, operation: 'bySession', path: '/by-session', session: true }, nothing),
    ofAccounts({ ...post, operation: 'account', path: '/account', session: true }, nothing),
    endpoint(
      {
        ...post,
        operation: 'everywhere',
        path: '/everywhere',
        everyOrganization: true,
        status: 200,
        answer: z.object({ only: Id.nullable() }),
      },
      async ({ caller }) => ({ only: boundTo(caller) }),
    ),
  ],
};

let service: ServiceUnderTest;
beforeAll(async () => {
  service = await startServiceUnderTest(defineService({ name: 'prompt', modules: [module] }));
});
afterAll(async () => await service?.stop());

const bound = (facts: object = {}) =>
  service.as({
    ...administrator({ userId: 7, organizationId: ORGANIZATION }),
    sessionBoundTo: ORGANIZATION,
    ...facts,
  });

describe('a session that an organization’s identity provider opened', () => {
  it('reaches what acts in that organization, and what is about the account', async () => {
    for (const path of [`/api/v1/organizations/${ORGANIZATION}/things`, '/api/v1/here', '/api/v1/account'])
      expect((await bound().post(path)).status).toBe(204);
    expect((await bound().post('/api/v1/everywhere')).body.data).toEqual({ only: ORGANIZATION });
  });

  it('reaches no other organization, however high its user stands there', async () => {
    const strayed = bound({ organizationId: 6, isSystemAdmin: true });
    expectError(await strayed.post('/api/v1/organizations/6/things'), 404, 'ORGANIZATION_NOT_FOUND');
  });

  it('does not reach what acts in no organization, as any other session does', async () => {
    for (const path of ['/api/v1/anywhere', '/api/v1/by-session']) {
      expectError(await bound().post(path), 403, 'FORBIDDEN');
      expect((await service.as(signedIn({ userId: 7 })).post(path)).status).toBe(204);
    }
  });
});
