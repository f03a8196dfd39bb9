import { expectError, type TestCaller } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type Founded,
  type OrganizationUnderTest,
  type Person,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';

let service: OrganizationUnderTest;
let ada: Person;
let acme: Founded;
let admin: TestCaller;
let count = 0;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
  ada = await service.person('Ada');
});
afterAll(() => service?.stop());
beforeEach(async () => {
  acme = await service.found(ada, `Acme ${++count}`);
  admin = await service.member(ada, acme.id);
});

async function create(permissions: string[], name = 'Custom', by = admin): Promise<number> {
  const answer = await by.post('/api/v1/roles', { name, permissions });
  expect(answer.status).toBe(201);
  return answer.body.data.role.id;
}

/** A member who holds just these permissions organization-wide. */
async function holderOf(
  permissions: string[],
  name = 'Bob',
): Promise<{ person: Person; as: TestCaller; roleId: number }> {
  const person = await service.person(name);
  const roleId = await create(permissions, `Role of ${name} ${person.userId}`);
  await service.join(acme, person, roleId);
  return { person, as: await service.member(person, acme.id), roleId };
}
const assign = (roleId: number, body: object, by = admin) =>
  by.post(`/api/v1/roles/${roleId}/assignments`, body);
const permissionsOf = async (person: Person) => {
  const answer = await admin.get(`/api/v1/permissions/effective?user_id=${person.userId}`);
  return answer.body.data.permissions.map(({ code }: { code: string }) => code) as string[];
};

describe('creating a role', () => {
  it('answers it, folds repeats and "*", and takes names once, looking alike included', async () => {
    const body = { name: 'Analyst', permissions: ['query.execute', 'query.execute', 'data_source.read'] };
    const answer = await admin.post('/api/v1/roles', body);
    expect(answer.body.data).toEqual({
      role: {
        id: expect.any(Number),
        name: 'Analyst',
        permissions: ['query.execute', 'data_source.read'],
        created_at: expect.any(String),
      },
      message: 'Role created successfully',
    });
    for (const name of ['ANALYST', 'Anаlyst', 'viewer'])
      expectError(await admin.post('/api/v1/roles', { ...body, name }), 409, 'ROLE_ALREADY_EXISTS');
    const all = await admin.post(`/api/v1/organizations/${acme.id}/roles`, {
      name: 'All',
      permissions: ['*', 'user.read'],
    });
    expect(all.body.data.role.permissions).toEqual(['*']);
    expect(await service.audited(acme.id)).toContain('role.created');
  });

  it('422 for unknown codes, none, wildcards and huge lists', async () => {
    for (const permissions of [
      [],
      ['workspace.*'],
      ['nothing.read'],
      Array(300).fill('user.read'),
      'user.read',
    ])
      expect((await admin.post('/api/v1/roles', { name: 'X', permissions })).status).toBe(422);
    expect((await admin.post('/api/v1/roles', { name: ' ', permissions: ['user.read'] })).status).toBe(422);
  });

  it('403 for more than the caller holds, and for "*" by who is no administrator', async () => {
    const { as } = await holderOf(['role.write', 'user.read']);
    await create(['user.read'], 'Reader', as);
    for (const permissions of [['user.write'], ['user.read', 'policy.read'], ['*']]) {
      const answer = await as.post('/api/v1/roles', { name: 'Greedy', permissions });
      expectError(answer, 403, 'FORBIDDEN');
      expect(answer.body.error.details.length).toBeGreaterThan(0);
    }
    const { as: all } = await holderOf(['*'], 'Eve');
    expectError(await all.post('/api/v1/roles', { name: 'Boss', permissions: ['*'] }), 403, 'FORBIDDEN');
  });

  it('acts in the organization that the body names, by the rights held there', async () => {
    const other = await service.found(ada, `Other ${count}`);
    const body = { name: 'There', permissions: ['user.read'], organization_id: other.id };
    expect((await admin.post('/api/v1/roles', body)).status).toBe(201);
    expect(await service.audited(other.id)).toContain('role.created');
    const { as } = await holderOf(['role.write', 'user.read']);
    expectError(await as.post('/api/v1/roles', body), 404, 'ORGANIZATION_NOT_FOUND');
  });
});

describe('changing a role', () => {
  it('acts on all who hold it, and tells what changed for how many', async () => {
    const { person, roleId } = await holderOf(['user.read', 'workspace.read']);
    const answer = await admin.put(`/api/v1/roles/${roleId}`, {
      permissions: ['user.read', 'workspace.write'],
    });
    expect(answer.body.data.impact).toEqual({
      affected_users: 1,
      permissions_added: ['workspace.write'],
      permissions_removed: ['workspace.read'],
    });
    expect(await permissionsOf(person)).toEqual(['workspace.write', 'user.read']);
    const renamed = await admin.patch(`/api/v1/organizations/${acme.id}/roles/${roleId}`, { name: 'New' });
    expect(renamed.body.data.role).toEqual({
      id: roleId,
      name: 'New',
      permissions: ['user.read', 'workspace.write'],
    });
    expect((await admin.put(`/api/v1/roles/${roleId}`, {})).status).toBe(422);
  });

  it('403 for built-in roles and for what the changer does not hold; 404 for another organization’s', async () => {
    const { as, roleId } = await holderOf(['role.write', 'user.read']);
    for (const role of Object.values(acme.roles))
      expectError(await admin.put(`/api/v1/roles/${role}`, { name: 'Mine' }), 403, 'SYSTEM_ROLE_PROTECTED');
    expectError(await as.put(`/api/v1/roles/${roleId}`, { permissions: ['*'] }), 403, 'FORBIDDEN');
    expectError(
      await as.post(`/api/v1/roles/${roleId}/permissions`, { permissions: ['user.write'] }),
      403,
      'FORBIDDEN',
    );
    const other = await service.found(ada, `Other ${count}`);
    expectError(
      await admin.put(`/api/v1/roles/${other.roles.Viewer}`, { name: 'Mine' }),
      404,
      'ROLE_NOT_FOUND',
    );
    const path = `/api/v1/organizations/${other.id}/roles/${roleId}`;
    expectError(await as.patch(path, { name: 'Mine' }), 404, 'ORGANIZATION_NOT_FOUND');
  });

  it('grants and withdraws single permissions; ten at once leave what the last one left', async () => {
    const roleId = await create(['user.read']);
    const codes = ['user.write', 'user.delete', 'policy.read', 'policy.write', 'model.read', 'model.write'];
    const granted = await Promise.all(
      codes.map(code => admin.post(`/api/v1/roles/${roleId}/permissions`, { permissions: [code] })),
    );
    expect(granted.map(({ status }) => status)).toEqual(codes.map(() => 200));
    const held = (await admin.get(`/api/v1/roles/${roleId}/permissions`)).body.data;
    expect(held.total_count).toBe(7);
    const path = (code: string) => `/api/v1/roles/${roleId}/permissions/${code}`;
    await Promise.all(codes.map(code => admin.delete(path(code))));
    expectError(await admin.delete(path('user.write')), 404, 'PERMISSION_NOT_FOUND');
    expectError(await admin.delete(path('user.read')), 409, 'LAST_PERMISSION');
  });

  it('withdraws invitations that holders could not send any more', async () => {
    const { as, roleId } = await holderOf(['member.invite', 'workspace.read', 'role.assign']);
    const small = await create(['workspace.read'], 'Small');
    const body = { email: 'guest@example.org', workspace_id: acme.workspaceId, role_id: small };
    expect((await as.post(`/api/v1/organizations/${acme.id}/members/invite`, body)).status).toBe(201);
    await admin.delete(`/api/v1/roles/${roleId}/permissions/member.invite`);
    expect(await service.audited(acme.id)).toContain('invitation.revoked');
  });

  it('409 where somebody would take rights from themselves, unless it is said', async () => {
    const { as, roleId } = await holderOf(['role.write', 'user.read']);
    expectError(
      await as.put(`/api/v1/roles/${roleId}`, { permissions: ['user.read'] }),
      409,
      'WOULD_LOSE_OWN_RIGHTS',
    );
    expect(
      (await as.put(`/api/v1/roles/${roleId}?confirm=true`, { permissions: ['user.read'] })).status,
    ).toBe(200);
  });
});

describe('deleting a role', () => {
  it('409 while somebody holds it, and hands its holders to another', async () => {
    const { person, roleId } = await holderOf(['user.read']);
    const expires_at = new Date(Date.now() + 3_600_000).toISOString();
    const carol = await service.person('Carol');
    await service.join(acme, carol, acme.roles.Viewer);
    await assign(roleId, { user_id: carol.userId, expires_at });
    expectError(await admin.delete(`/api/v1/roles/${roleId}`), 409, 'ROLE_IN_USE');
    expectError(await admin.delete(`/api/v1/organizations/${acme.id}/roles/${roleId}`), 409, 'ROLE_IN_USE');
    const next = await create(['policy.read'], 'Next');
    const answer = await admin.delete(`/api/v1/roles/${roleId}?replacement_role_id=${next}`);
    expect(answer.body.data).toEqual({
      role: { id: roleId },
      moved_users: 2,
      message: 'Role deleted successfully',
    });
    expect(await permissionsOf(person)).toEqual(['policy.read']);
    const { users } = (await admin.get(`/api/v1/roles/${next}/users?sort_by=email`)).body.data;
    expect(users.find((user: { user_id: number }) => user.user_id === carol.userId).expires_at).toBe(
      expires_at,
    );
    expectError(await admin.get(`/api/v1/roles/${roleId}`), 404, 'ROLE_NOT_FOUND');
  });

  it('that nobody holds is done by either path', async () => {
    const [one, other] = [await create(['user.read'], 'One'), await create(['user.read'], 'Other')];
    expect((await admin.delete(`/api/v1/organizations/${acme.id}/roles/${one}`)).body.data).toEqual({
      role: { id: one },
      message: 'Role deleted successfully',
    });
    expect((await admin.delete(`/api/v1/roles/${other}`)).body.data.moved_users).toBe(0);
    expect((await admin.get('/api/v1/roles')).body.data.total_count).toBe(3);
  });

  it('403 for a replacement that holds more than the caller, and for a built-in role', async () => {
    const { as } = await holderOf(['role.write', 'user.read']);
    const roleId = await create(['user.read'], 'Old', as);
    await assign(roleId, { user_id: (await holderOf(['policy.read'], 'Dan')).person.userId });
    const path = `/api/v1/roles/${roleId}?replacement_role_id=${acme.roles.Admin}`;
    expectError(await as.delete(path), 403, 'FORBIDDEN');
    expectError(await admin.delete(`/api/v1/roles/${acme.roles.Viewer}`), 403, 'SYSTEM_ROLE_PROTECTED');
  });
});

describe('a copy of a role', () => {
  it('has its permissions and nobody who holds it; who lacks one of them cannot make it', async () => {
    const answer = await admin.post(`/api/v1/roles/${acme.roles.Developer}/clone`, { name: 'Developer too' });
    expect(answer.body.data.role).toMatchObject({
      name: 'Developer too',
      source_role_id: acme.roles.Developer,
    });
    const { role } = (await admin.get(`/api/v1/roles/${answer.body.data.role.id}`)).body.data;
    expect(role).toMatchObject({ is_system: false, assignment_history: [] });
    const { as } = await holderOf(['role.write', 'user.read']);
    expectError(
      await as.post(`/api/v1/roles/${acme.roles.Developer}/clone`, { name: 'Mine' }),
      403,
      'FORBIDDEN',
    );
    expectError(await as.post(`/api/v1/roles/${acme.roles.Admin}/clone`, { name: 'Mine' }), 403, 'FORBIDDEN');
  });
});

describe('who may not write roles', () => {
  it('403 for a member without role.write, 404 for a stranger, 401 for nobody', async () => {
    const { as, roleId } = await holderOf(['user.read']);
    const stranger = service.stranger(await service.person('Stranger'));
    const calls = (by: TestCaller) => [
      by.post('/api/v1/roles', { name: 'X', permissions: ['user.read'] }),
      by.put(`/api/v1/roles/${roleId}`, { name: 'X' }),
      by.delete(`/api/v1/roles/${roleId}`),
      by.post(`/api/v1/roles/${roleId}/permissions`, { permissions: ['user.read'] }),
      by.post(`/api/v1/roles/${roleId}/clone`, { name: 'X' }),
      by.post(`/api/v1/roles/${roleId}/assignments`, { user_id: ada.userId }),
    ];
    for (const [caller, status] of [
      [as, 403],
      [stranger, 404],
      [service.nobody, 401],
    ] as const)
      for (const answer of await Promise.all(calls(caller))) expect(answer.status).toBe(status);
  });
});
