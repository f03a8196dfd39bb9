import { expectError, type TestCaller } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type Founded,
  type OrganizationUnderTest,
  type Person,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';
import { holderOf } from '../testing/workspace-fixture.ts';

let service: OrganizationUnderTest;
let [ada, bob]: Person[] = [];
let acme: Founded;
let admin: TestCaller;
let source: number;
let count = 0;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
  ada = await service.person('Ada');
});
beforeEach(async () => {
  acme = await service.found(ada!, `Acme ${++count}`);
  admin = await service.member(ada!, acme.id);
  bob = await service.person('Bob');
  await service.join(acme, bob);
  const settings = { allow_public_access: true, default_role_id: acme.roles.Developer };
  source = (await admin.post('/api/v1/workspaces', { name: 'Source', settings })).body.data.workspace.id;
  const path = `/api/v1/organizations/${acme.id}/workspaces/${source}/members`;
  await admin.post(path, { user_id: bob.userId, role_id: acme.roles.Developer }).expect(201);
});
afterAll(async () => await service?.stop());

const clone = (body: object, as = admin) => as.post(`/api/v1/workspaces/${source}/clone`, body);
const provision = (body: object, as = admin) => as.post('/api/v1/workspaces/provision', body);
const rolesIn = async (id: number): Promise<Record<string, string>> => {
  const { members } = (await admin.get(`/api/v1/organizations/${acme.id}/workspaces/${id}/members`)).body
    .data;
  return Object.fromEntries(
    members.map((one: { display_name: string; role: { name: string } }) => [one.display_name, one.role.name]),
  );
};
const workspaces = async () => {
  const answer = await admin.get(`/api/v1/workspaces?organization_id=${acme.id}`);
  return answer.body.data.workspaces.map(({ name }: { name: string }) => name);
};
const settingsOf = async (id: number) => (await admin.get(`/api/v1/workspaces/${id}/settings`)).body.data;

describe('cloning a workspace', () => {
  it('copies settings by default and members when asked, with their roles and when these end', async () => {
    const end = new Date(Date.now() + 3_600_000).toISOString();
    await service.sql(
      'update organization.role_assignments set expires_at = ? where user_id = ? and workspace_id = ?',
      [end, bob!.userId, source],
    );
    const plain = await clone({ name: 'Plain' });
    expect(plain.status).toBe(200);
    const { workspace } = plain.body.data;
    expect(workspace).toEqual({
      id: expect.any(Number),
      name: 'Plain',
      slug: 'plain',
      source_workspace_id: source,
    });
    expect(await rolesIn(workspace.id)).toEqual({ Ada: 'Admin' });
    expect(await settingsOf(workspace.id)).toMatchObject({
      settings: { default_role_id: acme.roles.Developer },
      sources: { allow_public_access: 'set', default_role_id: 'set', features: 'inherited' },
    });
    const full = (await clone({ name: 'Full', copy_members: true, copy_settings: false })).body.data
      .workspace;
    expect(await rolesIn(full.id)).toEqual({ Ada: 'Admin', Bob: 'Developer' });
    expect((await settingsOf(full.id)).sources.allow_public_access).toBe('inherited');
    const [held] = await service.sql<{ expires_at: Date }>(
      'select expires_at from organization.role_assignments where user_id = ? and workspace_id = ?',
      [bob!.userId, full.id],
    );
    expect(held!.expires_at.toISOString()).toBe(end);
    expectError(await clone({ name: 'FULL' }), 409, 'WORKSPACE_ALREADY_EXISTS');
  });

  it('is done once, of ten with one name at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => clone({ name: 'Twin', copy_members: true })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(409)]);
  });

  it('takes workspace.create organization-wide, and for members workspace.members and what they hold', async () => {
    const { as: there } = await holderOf(service, acme, ['workspace.create', 'workspace.read'], source);
    expectError(await clone({ name: 'Mine' }, there), 403, 'FORBIDDEN');
    const { as: creator } = await holderOf(service, acme, ['workspace.create']);
    expectError(await clone({ name: 'Mine' }, creator), 403, 'FORBIDDEN');
    const bare = { name: 'Mine', copy_settings: false };
    expectError(await clone({ ...bare, copy_members: true }, creator), 403, 'FORBIDDEN');
    const { as: greedy } = await holderOf(service, acme, ['workspace.create', 'workspace.members']);
    expectError(await clone({ ...bare, copy_members: true }, greedy), 403, 'FORBIDDEN');
    expect(await workspaces()).not.toContain('Mine');
    expect((await clone(bare, creator)).status).toBe(200);
  });
});

describe('provisioning workspaces', () => {
  it('makes all of them from the template', async () => {
    const answer = await provision({
      template: {
        settings: { allow_public_access: true, features: { staging: false } },
        members: [{ user_id: bob!.userId, role_id: acme.roles.Developer }, { user_id: ada!.userId }],
      },
      workspaces: [{ name: 'North' }, { name: 'South' }],
    });
    expect(answer.status).toBe(201);
    const made = answer.body.data.workspaces;
    expect(made.map(({ slug }: { slug: string }) => slug)).toEqual(['north', 'south']);
    for (const { id } of made) {
      expect(await rolesIn(id)).toEqual({ Ada: 'Admin', Bob: 'Developer' });
      expect((await settingsOf(id)).settings).toMatchObject({ allow_public_access: true });
    }
  });

  it('leaves nothing where one name is in use, twice the same included', async () => {
    const audited = (await service.audited(acme.id)).length;
    for (const names of [
      ['North', 'South', 'source'],
      ['North', 'NORTH'],
    ]) {
      const answer = await provision({ workspaces: names.map(name => ({ name })) });
      expectError(answer, 409, 'WORKSPACE_ALREADY_EXISTS');
      const field = `body.workspaces.${names.length - 1}.name`;
      expect(answer.body.error.details).toMatchObject([{ field }]);
    }
    const answers = await Promise.all([
      provision({ workspaces: [{ name: 'East' }, { name: 'West' }] }),
      provision({ workspaces: [{ name: 'West' }, { name: 'East' }] }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect(await workspaces()).toEqual(['East', 'Main Workspace', 'Source', 'West']);
    // Two workspaces, each with its creator and the role there.
    expect(await service.audited(acme.id)).toHaveLength(audited + 6);
  });

  it('gives nobody more than the caller holds organization-wide', async () => {
    const names = { workspaces: [{ name: 'Mine' }] };
    const member = { user_id: bob!.userId, role_id: acme.roles.Developer };
    const { as: creator } = await holderOf(service, acme, ['workspace.create']);
    expectError(await provision({ ...names, template: { members: [member] } }, creator), 403, 'FORBIDDEN');
    const { as: greedy } = await holderOf(service, acme, ['workspace.create', 'workspace.members']);
    expectError(await provision({ ...names, template: { members: [member] } }, greedy), 403, 'FORBIDDEN');
    const settings = { default_role_id: acme.roles.Developer };
    expectError(await provision({ ...names, template: { settings } }, greedy), 403, 'FORBIDDEN');
    const eve = await service.person('Eve');
    const stranger = { template: { members: [{ user_id: eve.userId }] } };
    expectError(await provision({ ...names, ...stranger }), 404, 'USER_NOT_FOUND');
    const foreign = await service.found(eve, `Foreign ${count}`);
    const elsewhere = { ...names, organization_id: foreign.id };
    expectError(await provision(elsewhere), 404, 'ORGANIZATION_NOT_FOUND');
    expectError(await provision(names, await service.member(bob!, acme.id)), 403, 'FORBIDDEN');
    expect(await workspaces()).not.toContain('Mine');
  });

  const named = (length: number) => Array.from({ length }, (_, index) => ({ name: `Number ${index}` }));
  it.each([
    { workspaces: [] },
    { workspaces: named(51) },
    { workspaces: [{ name: 'One', slug: 'two' }] },
    { workspaces: named(1), template: { roles: [] } },
    {
      workspaces: named(1),
      template: { members: Array.from({ length: 21 }, (_, id) => ({ user_id: id + 1 })) },
    },
    { workspaces: named(1), template: { members: [{ user_id: 1 }, { user_id: 1 }] } },
    { workspaces: named(1), template: { settings: { surprise: true } } },
  ])('refuses what is too much or unknown (%#)', async body => {
    expectError(await provision(body), 422, 'VALIDATION_ERROR');
  });
});
