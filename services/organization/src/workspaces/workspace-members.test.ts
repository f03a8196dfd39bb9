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
let room: number;
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
  room = (await admin.post('/api/v1/workspaces', { name: 'Room' })).body.data.workspace.id;
});
afterAll(async () => await service?.stop());

const path = (workspaceId = room, userId?: number) =>
  `/api/v1/organizations/${acme.id}/workspaces/${workspaceId}/members${userId ? `/${userId}` : ''}`;
const add = (body: object, as = admin, workspaceId = room) => as.post(path(workspaceId), body);

describe('members of a workspace', () => {
  it('are added with a role, listed and removed with it', async () => {
    const added = await add({ user_id: bob!.userId, role_id: acme.roles.Developer });
    expect([added.status, added.body.data.member]).toEqual([
      201,
      {
        user_id: bob!.userId,
        email: bob!.email,
        display_name: 'Bob',
        status: 'active',
        role: { id: acme.roles.Developer, name: 'Developer' },
        joined_at: expect.any(String),
      },
    ]);
    const list = await admin.get(`${path()}?sort_by=display_name&search=BOB`);
    expect(list.body.data).toMatchObject({ members: [added.body.data.member], total_count: 1 });
    expect((await admin.get(path())).body.data.total_count).toBe(2);
    expectError(await add({ user_id: bob!.userId }), 409, 'ALREADY_WORKSPACE_MEMBER');
    const removed = await admin.delete(path(room, bob!.userId));
    expect(removed.body.data).toMatchObject({ user_id: bob!.userId });
    expectError(await admin.delete(path(room, bob!.userId)), 404, 'USER_NOT_FOUND');
    const held = await service.sql(
      'select * from organization.role_assignments where user_id = ? and workspace_id = ?',
      [bob!.userId, room],
    );
    expect(held).toEqual([]);
    const audited = await service.audited(acme.id);
    expect(audited.slice(-2)).toEqual(['workspace.member_removed', 'role.withdrawn']);
  });

  it('get the default role of the workspace, else of the organization, else Viewer', async () => {
    const people = [bob!, await service.person('Carol'), await service.person('Dan')];
    for (const person of people.slice(1)) await service.join(acme, person);
    const roleOf = async ({ userId }: Person) => (await add({ user_id: userId })).body.data.member.role.name;
    expect(await roleOf(people[0]!)).toBe('Viewer');
    await admin.patch(`/api/v1/organizations/${acme.id}/settings`, {
      workspaces: { default_role_id: acme.roles.Developer },
    });
    expect(await roleOf(people[1]!)).toBe('Developer');
    await admin.put(`/api/v1/workspaces/${room}/settings`, {
      settings: { default_role_id: acme.roles.Admin },
    });
    expect(await roleOf(people[2]!)).toBe('Admin');
  });

  it('are given no more than the adder holds there, by name or by default', async () => {
    const held = ['workspace.members', 'workspace.read', 'prompt.read'];
    const { as, roleId } = await holderOf(service, acme, held, room);
    expectError(await add({ user_id: bob!.userId, role_id: acme.roles.Admin }, as), 403, 'FORBIDDEN');
    expectError(await add({ user_id: bob!.userId }, as), 403, 'FORBIDDEN');
    expectError(await add({ user_id: bob!.userId, role_id: roleId }, as, acme.workspaceId), 403, 'FORBIDDEN');
    expectError(await as.delete(path(acme.workspaceId, bob!.userId)), 403, 'FORBIDDEN');
    expect((await add({ user_id: bob!.userId, role_id: roleId }, as)).status).toBe(201);
    const viewer = await service.member(bob!, acme.id);
    expectError(await viewer.delete(path(acme.workspaceId, ada!.userId)), 403, 'FORBIDDEN');
  });

  it('are members of the organization, with roles and workspaces of it', async () => {
    const eve = await service.person('Eve');
    const other = await service.found(eve, `Other ${count}`);
    expectError(await add({ user_id: eve.userId }), 404, 'USER_NOT_FOUND');
    expectError(await add({ user_id: bob!.userId, role_id: other.roles.Viewer }), 404, 'ROLE_NOT_FOUND');
    expectError(await add({ user_id: bob!.userId }, admin, other.workspaceId), 404, 'WORKSPACE_NOT_FOUND');
    const foreign = await service.member(eve, other.id);
    expectError(await foreign.get(path()), 404, 'ORGANIZATION_NOT_FOUND');
    expectError(await add({ user_id: eve.userId }, foreign), 404, 'ORGANIZATION_NOT_FOUND');
    const { as } = await holderOf(service, acme, ['prompt.read']);
    expectError(await as.get(path()), 403, 'FORBIDDEN');
  });

  it('are one, of ten additions at once, and none where the workspace is deleted meanwhile', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => add({ user_id: bob!.userId })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(409)]);
    const people = await Promise.all(['C', 'D', 'E'].map(name => service.person(name)));
    for (const person of people) await service.join(acme, person);
    const [deleted, ...added] = await Promise.all([
      admin.delete(`/api/v1/workspaces/${room}`),
      ...people.map(({ userId }) => add({ user_id: userId })),
    ]);
    expect(deleted!.status).toBe(200);
    for (const { status } of added) expect([201, 404]).toContain(status);
    expect(
      await service.sql('select * from organization.workspace_members where workspace_id = ?', [room]),
    ).toEqual([]);
  });
});
