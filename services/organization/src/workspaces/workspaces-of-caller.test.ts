import {
  byToken,
  expectError,
  fellowService,
  impersonated,
  signedIn,
  type TestCaller,
} from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type Founded,
  type OrganizationUnderTest,
  type Person,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';
import { holderOf } from '../testing/workspace-fixture.ts';

let service: OrganizationUnderTest;
let ada: Person;
let [acme, other]: Founded[] = [];
let admin: TestCaller;
let count = 0;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
});
beforeEach(async () => {
  ada = await service.person('Ada');
  acme = await service.found(ada, `Acme ${++count}`);
  other = await service.found(ada, `Other ${count}`);
  admin = await service.member(ada, acme.id);
});
afterAll(async () => await service?.stop());

const WORKSPACES = '/api/v1/workspaces';
const create = async (body: object, as = admin): Promise<number> => {
  const answer = await as.post(WORKSPACES, body);
  expect(answer.status).toBe(201);
  return answer.body.data.workspace.id;
};
const names = ({ body }: { body: { data: { workspaces: { name: string }[] } } }) =>
  body.data.workspaces.map(({ name }) => name);

describe('listing workspaces', () => {
  it('tells of all organizations of the caller, filtered, searched, sorted and paged', async () => {
    await create({ name: 'Zoo' });
    await create({ name: 'Apiary', organization_id: other!.id });
    const all = await admin.get(WORKSPACES);
    const listed: { name: string; organization_id: number }[] = all.body.data.workspaces;
    expect(listed).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'Apiary', organization_id: other!.id }),
        expect.objectContaining({ name: 'Zoo', organization_id: acme!.id }),
      ]),
    );
    expect(names(await admin.get(`${WORKSPACES}?organization_id=${other!.id}`))).toEqual([
      'Apiary',
      'Main Workspace',
    ]);
    const found = await admin.get(`${WORKSPACES}?search=IAR`);
    expect(found.body.data).toMatchObject({
      workspaces: [{ slug: 'apiary', is_default: false }],
      total_count: 1,
    });
    const page = await admin.get(`${WORKSPACES}?organization_id=${acme!.id}&sort_order=desc&limit=1`);
    expect([names(page), page.body.data.total_count]).toEqual([['Zoo'], 2]);
    expect((await admin.get(`${WORKSPACES}?sort_by=settings`)).status).toBe(422);
  });

  it('shows nothing of organizations of others, nor of one in which the caller is suspended', async () => {
    const eve = await service.member(await service.person('Eve'), acme!.id);
    expect(names(await eve.get(`${WORKSPACES}?organization_id=${acme!.id}`))).toEqual([]);
    const bob = await service.person('Bob');
    await service.join(acme!, bob);
    const member = await service.member(bob, acme!.id);
    expect(names(await member.get(`${WORKSPACES}?organization_id=${acme!.id}`))).toEqual(['Main Workspace']);
    await service.sql("update organization.memberships set status = 'suspended' where user_id = ?", [
      bob.userId,
    ]);
    expect(names(await member.get(`${WORKSPACES}?organization_id=${acme!.id}`))).toEqual([]);
    expect((await service.nobody.get(WORKSPACES)).status).toBe(401);
  });

  it('shows a token what lies in its organization, and a client what it reads', async () => {
    const user = signedIn({ userId: ada.userId, organizationId: acme!.id, isMember: true });
    const bound = service.as(byToken(user, { boundTo: acme!.id, scope: ['read'] }));
    const { workspaces } = (await bound.get(WORKSPACES)).body.data;
    expect(workspaces.map((one: { organization_id: number }) => one.organization_id)).toEqual([acme!.id]);
    expect(names(await bound.get(`${WORKSPACES}?organization_id=${other!.id}`))).toEqual([]);
    const client = (permissions: string[]) =>
      service.as({
        ...byToken(user, { kind: 'oauth', boundTo: acme!.id, scope: ['read'] }),
        kind: 'client',
        userId: null,
        isMember: false,
        permissions,
      });
    expect(names(await client(['workspace.read']).get(WORKSPACES))).toEqual(['Main Workspace']);
    expect(names(await client([]).get(WORKSPACES))).toEqual([]);
  });

  it('shows who acts in the name of the caller what lies in the organization of that, as what they belong to', async () => {
    const user = signedIn({ userId: ada.userId, organizationId: acme!.id, isMember: true });
    const acting = impersonated(user, ada.userId + 1);
    expect(names(await service.as(acting).get(`${WORKSPACES}?organization_id=${other!.id}`))).toEqual([]);
    expect(names(await service.as(acting).get(`${WORKSPACES}?organization_id=${acme!.id}`))).toEqual([
      'Main Workspace',
    ]);
    const asking = fellowService('identity', { ...acting, kind: 'service', service: 'identity' });
    const { organizations, workspaces } = (await service.as(asking).get('/internal/memberships')).body.data;
    expect(organizations.map(({ id }: { id: number }) => id)).toEqual([acme!.id]);
    expect(workspaces.map((one: { organization_id: number }) => one.organization_id)).toEqual([acme!.id]);
  });
});

describe('creating a workspace', () => {
  it('acts in the organization that the body names, by the rights held there', async () => {
    const id = await create({
      name: 'There',
      organization_id: other!.id,
      settings: { allow_public_access: true },
    });
    const { workspace } = (await admin.get(`${WORKSPACES}/${id}`)).body.data;
    expect(workspace).toMatchObject({ organization_id: other!.id, slug: 'there', is_default: false });
    expect(workspace.settings).toMatchObject({ allow_public_access: true, integrations: {} });
    expect(await service.audited(other!.id)).toContain('workspace.created');
    const { as } = await holderOf(service, acme!, ['workspace.create']);
    const body = { name: 'Mine', organization_id: other!.id };
    expectError(await as.post(WORKSPACES, body), 404, 'ORGANIZATION_NOT_FOUND');
    const { as: reader } = await holderOf(service, acme!, ['workspace.read']);
    expectError(await reader.post(WORKSPACES, { name: 'Mine' }), 403, 'FORBIDDEN');
    await create({ name: 'Mine' }, as);
  });

  it('is done once, of ten with one name at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        admin.post(WORKSPACES, { name: index % 2 ? 'Race' : 'rAcE ' }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(409)]);
    expectError(answers.find(({ status }) => status === 409)!, 409, 'WORKSPACE_ALREADY_EXISTS');
  });
});

describe('a workspace', () => {
  it('is found in an organization that is not the active one, by the rights held there', async () => {
    const id = other!.workspaceId;
    expect((await admin.get(`${WORKSPACES}/${id}`)).status).toBe(200);
    const changed = await admin.put(`${WORKSPACES}/${id}`, { name: 'Seen to' });
    expect(changed.body.data.workspace).toEqual({ id, name: 'Seen to', updated_at: expect.any(String) });
  });

  it('is 404 where it is of others or nowhere, and 403 where it is hidden in an own organization', async () => {
    const eve = await service.person('Eve');
    const foreign = await service.found(eve, `Foreign ${count}`);
    const hidden = await create({ name: 'Hidden' });
    const { as } = await holderOf(service, acme!, ['prompt.read']);
    for (const id of [foreign.workspaceId, 2 ** 40]) {
      for (const member of [admin, as]) {
        expectError(await member.get(`${WORKSPACES}/${id}`), 404, 'WORKSPACE_NOT_FOUND');
        expectError(await member.get(`${WORKSPACES}/${id}/settings`), 404, 'WORKSPACE_NOT_FOUND');
        expectError(await member.put(`${WORKSPACES}/${id}`, { name: 'Mine' }), 404, 'WORKSPACE_NOT_FOUND');
        expectError(await member.delete(`${WORKSPACES}/${id}`), 404, 'WORKSPACE_NOT_FOUND');
        const clone = await member.post(`${WORKSPACES}/${id}/clone`, { name: 'Mine', copy_members: true });
        expectError(clone, 404, 'WORKSPACE_NOT_FOUND');
      }
    }
    expectError(await as.get(`${WORKSPACES}/${hidden}`), 403, 'FORBIDDEN');
    expectError(await as.get(`${WORKSPACES}/${hidden}/settings`), 403, 'FORBIDDEN');
    expectError(await as.put(`${WORKSPACES}/${hidden}`, { name: 'Mine' }), 403, 'FORBIDDEN');
    expectError(await as.delete(`${WORKSPACES}/${hidden}`), 403, 'FORBIDDEN');
    const bound = service.as(
      byToken(signedIn({ userId: ada.userId, organizationId: acme!.id, isMember: true, isAdmin: true }), {
        boundTo: acme!.id,
        scope: ['read', 'admin'],
      }),
    );
    expect((await bound.get(`${WORKSPACES}/${other!.workspaceId}`)).status).not.toBe(200);
  });

  it('is changed with name and settings together or not at all', async () => {
    await create({ name: 'Taken' });
    const id = await create({ name: 'Free' });
    const settings = { allow_public_access: true };
    const refused = await admin.put(`${WORKSPACES}/${id}`, { name: 'TAKEN', settings });
    expectError(refused, 409, 'WORKSPACE_ALREADY_EXISTS');
    const read = async () => (await admin.get(`${WORKSPACES}/${id}`)).body.data.workspace;
    expect(await read()).toMatchObject({ name: 'Free', settings: { allow_public_access: false } });
    expect((await admin.put(`${WORKSPACES}/${id}`, {})).status).toBe(422);
    await admin.put(`${WORKSPACES}/${id}`, { name: 'Renamed', settings }).expect(200);
    expect(await read()).toMatchObject({ name: 'Renamed', slug: 'free', settings });
  });

  it('is changed by who holds workspace.write in it, and by nobody who holds it elsewhere', async () => {
    const [one, two] = [await create({ name: 'One' }), await create({ name: 'Two' })];
    const { as, person } = await holderOf(service, acme!, ['workspace.write'], one);
    await as.put(`${WORKSPACES}/${one}`, { name: 'Mine' }).expect(200);
    expectError(await as.put(`${WORKSPACES}/${two}`, { name: 'Mine, too' }), 403, 'FORBIDDEN');
    await service.sql("update organization.memberships set status = 'suspended' where user_id = ?", [
      person.userId,
    ]);
    const suspended = await service.member(person, acme!.id);
    expectError(await suspended.put(`${WORKSPACES}/${one}`, { name: 'Back' }), 404, 'WORKSPACE_NOT_FOUND');
  });

  it('is changed with If-Match only as it was seen, in an organization that is not the active one, too', async () => {
    const path = `${WORKSPACES}/${other!.workspaceId}`;
    const etag = (await admin.get(path)).headers.get('etag')!;
    const change = (name: string) => admin.put(path, { name }, { headers: { 'If-Match': etag } });
    const answers = await Promise.all([change('First'), change('Second')]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
  });
});

describe('deleting a workspace', () => {
  it('ends its members, the roles held there and pending invitations into it, and says so', async () => {
    const id = await create({ name: 'Doomed' });
    const { person } = await holderOf(service, acme!, ['workspace.write'], id);
    const invited = await admin.post(`/api/v1/organizations/${acme!.id}/members/invite`, {
      email: `late${count}@example.com`,
      workspace_id: id,
      role_id: acme!.roles.Viewer,
    });
    expect((await admin.delete(`${WORKSPACES}/${id}`)).body.data.workspace).toEqual({ id });
    expectError(await admin.get(`${WORKSPACES}/${id}`), 404, 'WORKSPACE_NOT_FOUND');
    for (const table of ['workspace_members', 'role_assignments'])
      expect(await service.sql(`select * from organization.${table} where workspace_id = ?`, [id])).toEqual(
        [],
      );
    const standing = await service.member(person, acme!.id);
    expectError(await standing.put(`${WORKSPACES}/${id}`, { name: 'Still' }), 404, 'WORKSPACE_NOT_FOUND');
    const [invitation] = await service.sql<{ status: string }>(
      'select status from organization.invitations where id = ?',
      [invited.body.data.invitation.id],
    );
    expect(invitation!.status).toBe('revoked');
    const audited = await service.audited(acme!.id);
    expect(audited.filter(action => /invitation.revoked|workspace.deleted/.test(action))).toEqual([
      'invitation.revoked',
      'workspace.deleted',
    ]);
    expectError(await admin.delete(`${WORKSPACES}/${id}`), 404, 'WORKSPACE_NOT_FOUND');
  });

  it('takes workspace.delete there, by whichever path', async () => {
    const [one, two] = [await create({ name: 'One' }), await create({ name: 'Two' })];
    const { as } = await holderOf(service, acme!, ['workspace.delete'], one);
    const path = (id: number) => `/api/v1/organizations/${acme!.id}/workspaces/${id}`;
    expectError(await as.delete(path(two)), 403, 'FORBIDDEN');
    expectError(await as.delete(`${WORKSPACES}/${two}`), 403, 'FORBIDDEN');
    expectError(await admin.delete(path(other!.workspaceId)), 404, 'WORKSPACE_NOT_FOUND');
    await as.delete(path(one)).expect(200);
  });

  it('leaves the default one, also while the default moves', async () => {
    expectError(await admin.delete(`${WORKSPACES}/${acme!.workspaceId}`), 409, 'DEFAULT_WORKSPACE');
    const id = await create({ name: 'Next' });
    const path = `/api/v1/organizations/${acme!.id}/workspaces/${id}`;
    await Promise.all([
      admin.patch(path, { is_default: true }),
      admin.delete(path),
      admin.delete(`${WORKSPACES}/${acme!.workspaceId}`),
    ]);
    const left = (await admin.get(`${WORKSPACES}?organization_id=${acme!.id}`)).body.data.workspaces;
    expect(left.filter((one: { is_default: boolean }) => one.is_default)).toHaveLength(1);
  });
});
