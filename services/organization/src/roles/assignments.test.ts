import { expectError, fellowService, type TestCaller } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type Founded,
  type OrganizationUnderTest,
  type Person,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';
import { expireAssignments } from './expire-assignments.ts';

let service: OrganizationUnderTest;
let ada: Person;
let bob: Person;
let acme: Founded;
let admin: TestCaller;
let count = 0;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
  [ada, bob] = [await service.person('Ada'), await service.person('Bob')];
});
afterAll(() => service?.stop());
beforeEach(async () => {
  acme = await service.found(ada, `Acme ${++count}`);
  admin = await service.member(ada, acme.id);
  await service.join(acme, bob);
});

const create = async (permissions: string[], name = 'Custom') =>
  (await admin.post('/api/v1/roles', { name, permissions })).body.data.role.id as number;
const assign = (roleId: number, body: object, by = admin) =>
  by.post(`/api/v1/roles/${roleId}/assignments`, body);
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();
const standing = async (person: Person) =>
  (
    await service
      .as(fellowService('gateway'))
      .get(`/internal/organizations/${acme.id}/principals/${person.userId}`)
  ).body.data;
/** Moves the end of an assignment into the past. */
const lapse = (assignmentId: number) =>
  service.sql(
    "update organization.role_assignments set expires_at = now() - interval '1 second' where id = ? returning id",
    [assignmentId],
  );

describe('assigning a role', () => {
  it('201 organization-wide or in a workspace; again 200, with the new end', async () => {
    const roleId = await create(['policy.write']);
    const first = await assign(roleId, { user_id: bob.userId });
    expect([first.status, first.body.data.assignment]).toEqual([
      201,
      {
        id: expect.any(Number),
        role_id: roleId,
        user_id: bob.userId,
        workspace_id: null,
        assigned_by: ada.userId,
        assigned_at: expect.any(String),
        expires_at: null,
      },
    ]);
    const expires_at = inAnHour();
    const again = await assign(roleId, { user_id: bob.userId, expires_at });
    expect([again.status, again.body.data.assignment.expires_at]).toEqual([200, expires_at]);
    const there = await assign(roleId, { user_id: bob.userId, workspace_id: acme.workspaceId });
    expect(there.status).toBe(201);
    const { users, total_count } = (await admin.get(`/api/v1/roles/${roleId}/users`)).body.data;
    expect(total_count).toBe(2);
    expect(users.map((user: { workspace_name: string }) => user.workspace_name)).toContain('Main Workspace');
  });

  it('404 for strangers, roles and workspaces of others; 422 for an end that has passed', async () => {
    const roleId = await create(['policy.write']);
    const stranger = await service.person('Stranger');
    const other = await service.found(stranger, `Other ${count}`);
    expectError(await assign(roleId, { user_id: stranger.userId }), 404, 'USER_NOT_FOUND');
    expectError(await assign(other.roles.Viewer, { user_id: bob.userId }), 404, 'ROLE_NOT_FOUND');
    const elsewhere = { user_id: bob.userId, workspace_id: other.workspaceId };
    expectError(await assign(roleId, elsewhere), 404, 'WORKSPACE_NOT_FOUND');
    const past = { user_id: bob.userId, expires_at: new Date(Date.now() - 1_000).toISOString() };
    expect((await assign(roleId, past)).status).toBe(422);
  });

  it('403 for more than the assigner holds where it is assigned', async () => {
    const [manager, small] = [
      await create(['role.assign', 'policy.read'], 'Manager'),
      await create(['policy.read'], 'Small'),
    ];
    await assign(manager, { user_id: bob.userId, workspace_id: acme.workspaceId });
    const as = await service.member(bob, acme.id);
    const carol = await service.person('Carol');
    await service.join(acme, carol);
    const there = { user_id: carol.userId, workspace_id: acme.workspaceId };
    expect((await assign(small, there, as)).status).toBe(201);
    expectError(await assign(small, { user_id: carol.userId }, as), 403, 'FORBIDDEN');
    expectError(await assign(acme.roles.Admin, there, as), 403, 'FORBIDDEN');
    expectError(await assign(acme.roles.Developer, there, as), 403, 'FORBIDDEN');
  });

  it('makes an administrator by the Admin role, and takes that back with it', async () => {
    const { id } = (await assign(acme.roles.Admin, { user_id: bob.userId })).body.data.assignment;
    expect(await standing(bob)).toMatchObject({ is_admin: true, permissions: ['*'] });
    expect((await admin.delete(`/api/v1/roles/${acme.roles.Admin}/assignments/${id}`)).status).toBe(200);
    expect(await standing(bob)).toMatchObject({ is_admin: false });
    expect(await service.audited(acme.id)).toContain('member.changed');
  });

  it('ten at once make one assignment', async () => {
    const roleId = await create(['policy.write']);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => assign(roleId, { user_id: bob.userId })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(9);
  });
});

describe('a role that is held for a time', () => {
  it('is told with its end, so that who decides believes it no longer', async () => {
    const expires_at = inAnHour();
    await assign(await create(['policy.write']), { user_id: bob.userId, expires_at });
    expect(await standing(bob)).toMatchObject({ until: expires_at });
    expect((await standing(ada)).until).toBeUndefined();
  });

  it('is held no more from its moment on, and then noted as expired', async () => {
    const roleId = await create(['policy.write']);
    const { id } = (await assign(roleId, { user_id: bob.userId, expires_at: inAnHour() })).body.data
      .assignment;
    expect((await standing(bob)).permissions).toContain('policy.write');
    await lapse(id);
    expect((await standing(bob)).permissions).not.toContain('policy.write');
    await expireAssignments.run(service.resources);
    const { assignment_history } = (await admin.get(`/api/v1/roles/${roleId}`)).body.data.role;
    expect(assignment_history).toMatchObject([
      { action: 'expired', by_user_id: null, user_id: bob.userId },
      { action: 'assigned', by_user_id: ada.userId },
    ]);
  });

  it('ends an administrator by its time', async () => {
    const { id } = (await assign(acme.roles.Admin, { user_id: bob.userId, expires_at: inAnHour() })).body.data
      .assignment;
    await lapse(id);
    expect(await standing(bob)).toMatchObject({ is_admin: false });
    await expireAssignments.run(service.resources);
    const { members } = (await admin.get(`/api/v1/organizations/${acme.id}/members?search=bob`)).body.data;
    expect(members[0].is_admin).toBe(false);
  });
});

describe('the last administrator', () => {
  const own = async () => {
    const { users } = (await admin.get(`/api/v1/roles/${acme.roles.Admin}/users`)).body.data;
    return users.find(
      (user: { user_id: number; workspace_id: number | null }) =>
        user.user_id === ada.userId && user.workspace_id === null,
    ).id as number;
  };
  const withdraw = async (id: number) =>
    admin.delete(`/api/v1/roles/${acme.roles.Admin}/assignments/${id}?confirm=true`);

  it('keeps the Admin role, and for good', async () => {
    expectError(await withdraw(await own()), 409, 'LAST_ADMINISTRATOR');
    const expiring = { user_id: ada.userId, expires_at: inAnHour() };
    expectError(await assign(acme.roles.Admin, expiring), 409, 'LAST_ADMINISTRATOR');
    expectError(
      await admin.patch(`/api/v1/organizations/${acme.id}/members/${ada.userId}`, { is_admin: false }),
      409,
      'LAST_ADMINISTRATOR',
    );
  });

  it('is not one of two of whom the other holds the role for a time only', async () => {
    await assign(acme.roles.Admin, { user_id: bob.userId, expires_at: inAnHour() });
    expectError(await withdraw(await own()), 409, 'LAST_ADMINISTRATOR');
    expectError(
      await admin.delete(`/api/v1/organizations/${acme.id}/members/${ada.userId}`),
      409,
      'LAST_ADMINISTRATOR',
    );
  });

  it('remains when two withdraw each other’s role at once', async () => {
    const { id } = (await assign(acme.roles.Admin, { user_id: bob.userId })).body.data.assignment;
    const second = await service.member(bob, acme.id);
    const answers = await Promise.all([
      withdraw(id),
      second.delete(`/api/v1/roles/${acme.roles.Admin}/assignments/${await own()}`),
    ]);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });
});

describe('withdrawing a role', () => {
  it('takes it there alone; 404 for one of another role, or withdrawn already', async () => {
    const roleId = await create(['policy.write']);
    const { id } = (await assign(roleId, { user_id: bob.userId })).body.data.assignment;
    const there = { user_id: bob.userId, workspace_id: acme.workspaceId };
    await assign(roleId, there);
    const path = (role: number) => `/api/v1/roles/${role}/assignments/${id}`;
    expectError(await admin.delete(path(acme.roles.Viewer)), 404, 'ASSIGNMENT_NOT_FOUND');
    expect((await admin.delete(path(roleId))).body.data).toMatchObject({ assignment: { id } });
    expectError(await admin.delete(path(roleId)), 404, 'ASSIGNMENT_NOT_FOUND');
    expect((await standing(bob)).workspaces[0].permissions).toContain('policy.write');
  });

  it('403 where the caller may not assign, and of an administrator by who is none', async () => {
    const manager = await create(['role.assign', 'policy.read'], 'Manager');
    await assign(manager, { user_id: bob.userId });
    const as = await service.member(bob, acme.id);
    const { users } = (await as.get(`/api/v1/roles/${acme.roles.Admin}/users`)).body.data;
    const carol = await service.person('Carol');
    await service.join(acme, carol, acme.roles.Admin);
    expectError(
      await as.delete(`/api/v1/roles/${acme.roles.Admin}/assignments/${users[0].id}`),
      403,
      'FORBIDDEN',
    );
  });
});

describe('questions about permissions', () => {
  it('tell through what, and in which workspace', async () => {
    const roleId = await create(['policy.write']);
    await assign(roleId, { user_id: bob.userId, workspace_id: acme.workspaceId });
    const as = await service.member(bob, acme.id);
    const ask = async (more: object = {}) =>
      (await as.post('/api/v1/permissions/check', { permissions: ['policy.write', 'policy.read'], ...more }))
        .body.data;
    expect(await ask()).toMatchObject({
      allowed: false,
      permissions: [
        { code: 'policy.write', granted: false, through: [] },
        { code: 'policy.read', granted: true, through: [{ role: { name: 'Viewer' }, workspace_id: null }] },
      ],
    });
    const there = await ask({ workspace_id: acme.workspaceId });
    expect(there.permissions[0].through).toEqual([
      { role: { id: roleId, name: 'Custom' }, workspace_id: acme.workspaceId, expires_at: null },
    ]);
    const effective = await as.get(`/api/v1/permissions/effective?workspace_id=${acme.workspaceId}`);
    expect(effective.body.data.permissions.map(({ code }: { code: string }) => code)).toContain(
      'policy.write',
    );
  });

  it('about others are for administrators', async () => {
    const as = await service.member(bob, acme.id);
    expectError(await as.get(`/api/v1/permissions/effective?user_id=${ada.userId}`), 403, 'FORBIDDEN');
    const body = { permissions: ['policy.read'], user_id: ada.userId };
    expectError(await as.post('/api/v1/permissions/check', body), 403, 'FORBIDDEN');
    const answer = await admin.post('/api/v1/permissions/check', { ...body, user_id: bob.userId });
    expect(answer.body.data.allowed).toBe(true);
    expectError(await admin.get('/api/v1/permissions/effective?user_id=999999'), 404, 'USER_NOT_FOUND');
    expect((await admin.post('/api/v1/permissions/check', { permissions: ['x.y'] })).status).toBe(422);
  });
});
