import { fellowService } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Founded,
  type OrganizationUnderTest,
  type Person,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';

let service: OrganizationUnderTest;
let ada: Person;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
  ada = await service.person('Ada');
});
afterAll(async () => await service?.stop());

let count = 0;
const found = () => service.found(ada, `Organization ${++count}`);
const path = (founded: Founded, person?: Person) =>
  `/api/v1/organizations/${founded.id}/members${person ? `/${person.userId}` : ''}`;
const standing = async (founded: Founded, person: Person) =>
  (
    await service
      .as(fellowService('gateway'))
      .get(`/internal/organizations/${founded.id}/principals/${person.userId}`)
  ).body.data;

describe('listing members', () => {
  it('shows role and status to every member, filtered, sorted and paged', async () => {
    const acme = await found();
    const [bob, cleo] = [await service.person('Bob'), await service.person('Cleo')];
    await service.join(acme, bob, acme.roles.Developer);
    await service.join(acme, cleo);
    const member = await service.member(bob, acme.id);
    const list = async (query = '') => {
      const { body } = await member.get(`${path(acme)}${query}`);
      return [
        body.data.total_count,
        body.data.members.map(({ display_name }: Record<string, string>) => display_name),
      ];
    };
    expect((await member.get(path(acme))).body.data.members[1]).toEqual({
      user_id: bob.userId,
      email: bob.email,
      display_name: 'Bob',
      profile_image_url: null,
      status: 'active',
      is_admin: false,
      role: { id: acme.roles.Developer, name: 'Developer' },
      source: 'invitation',
      joined_at: expect.stringMatching(/Z$/),
    });
    expect(await list()).toEqual([3, ['Ada', 'Bob', 'Cleo']]);
    expect(await list('?sort_by=display_name&sort_order=desc&limit=2')).toEqual([3, ['Cleo', 'Bob']]);
    expect(await list('?skip=2')).toEqual([3, ['Cleo']]);
    expect(await list('?search=LEO')).toEqual([1, ['Cleo']]);
    expect(await list(`?search=${encodeURIComponent("%' or 1=1 --")}`)).toEqual([0, []]);
    expect(await list(`?role_id=${acme.roles.Viewer}`)).toEqual([1, ['Cleo']]);
    expect(await list('?status=suspended')).toEqual([0, []]);
    expect((await member.get(`${path(acme)}?sort_by=password`)).status).toBe(422);
    expect((await member.get(`${path(acme)}?limit=101`)).status).toBe(422);
  });

  it('tells strangers nothing', async () => {
    const acme = await found();
    const eve = service.stranger(await service.person('Eve'));
    expect((await eve.get(path(acme))).status).toBe(404);
    expect((await eve.get(path(acme, ada))).status).toBe(404);
  });

  it('knows no user of another organization', async () => {
    const acme = await found();
    const bob = await service.person('Bob');
    const answer = await (await service.member(ada, acme.id)).get(path(acme, bob));
    expect([answer.status, answer.body.error.code]).toEqual([404, 'USER_NOT_FOUND']);
  });
});

describe('changing a member', () => {
  it('brings the flag with the Admin role, and the role with the flag', async () => {
    const acme = await found();
    const bob = await service.person('Bob');
    await service.join(acme, bob);
    const admin = await service.member(ada, acme.id);
    const change = async (body: object) => (await admin.patch(path(acme, bob), body)).body.data.member;

    expect(await change({ role_id: acme.roles.Admin })).toMatchObject({
      is_admin: true,
      role: { name: 'Admin' },
    });
    expect(await standing(acme, bob)).toMatchObject({ is_admin: true, permissions: ['*'] });
    expect(await change({ is_admin: false })).toMatchObject({ is_admin: false, role: { name: 'Viewer' } });
    expect(await change({ is_admin: true })).toMatchObject({ is_admin: true, role: { name: 'Admin' } });
    expect(await change({ role_id: acme.roles.Developer })).toMatchObject({
      is_admin: false,
      role: { name: 'Developer' },
    });
    expect((await standing(acme, bob)).permissions).toContain('query.execute');
    const before = await service.audited(acme.id);
    expect(before.filter(action => action === 'member.changed')).toHaveLength(4);
    await change({ role_id: acme.roles.Developer });
    await change({ is_admin: false });
    expect(await service.audited(acme.id)).toEqual(before);
  });

  it('leaves no right behind in the workspace of the invitation, and other rights in workspaces alone', async () => {
    const acme = await found();
    const bob = await service.person('Bob');
    await service.join(acme, bob, acme.roles.Admin);
    const admin = await service.member(ada, acme.id);
    const { id } = (await admin.post(`/api/v1/organizations/${acme.id}/workspaces`, { name: 'Led by Bob' }))
      .body.data.workspace;
    await service.sql(
      'insert into organization.workspace_members (organization_id, workspace_id, user_id) values (?, ?, ?)',
      [acme.id, id, bob.userId],
    );
    await service.sql(
      'insert into organization.role_assignments (organization_id, user_id, role_id, workspace_id) values (?, ?, ?, ?)',
      [acme.id, bob.userId, acme.roles.Developer, id],
    );
    const { member } = (await admin.patch(path(acme, bob), { is_admin: false })).body.data;
    expect(member.workspaces).toMatchObject([
      { id: acme.workspaceId, role: { name: 'Viewer' } },
      { id, role: { name: 'Developer' } },
    ]);
    expect(await service.audited(acme.id)).toContain('role.withdrawn');
  });

  it('refuses what contradicts itself, and what says nothing', async () => {
    const acme = await found();
    const admin = await service.member(ada, acme.id);
    const bodies = [
      { role_id: acme.roles.Admin, is_admin: false },
      { role_id: acme.roles.Viewer, is_admin: true },
      {},
      { role_id: null },
      { status: 'suspended' },
    ];
    for (const body of bodies) expect((await admin.patch(path(acme, ada), body)).status).toBe(422);
  });

  it('refuses to demote the last administrator, by flag or by role', async () => {
    const acme = await found();
    await service.join(acme, await service.person('Bob'));
    const admin = await service.member(ada, acme.id);
    for (const body of [{ is_admin: false }, { role_id: acme.roles.Developer }]) {
      const answer = await admin.patch(path(acme, ada), body);
      expect([answer.status, answer.body.error.code]).toEqual([409, 'LAST_ADMINISTRATOR']);
    }
  });

  it('takes no role of another organization', async () => {
    const [acme, other] = [await found(), await found()];
    const bob = await service.person('Bob');
    await service.join(acme, bob);
    const admin = await service.member(ada, acme.id);
    const answer = await admin.patch(path(acme, bob), { role_id: other.roles.Admin });
    expect([answer.status, answer.body.error.code]).toEqual([404, 'ROLE_NOT_FOUND']);
  });

  it('is for administrators: nobody raises himself', async () => {
    const acme = await found();
    const bob = await service.person('Bob');
    await service.join(acme, bob, acme.roles.Developer);
    const member = await service.member(bob, acme.id);
    expect((await member.patch(path(acme, bob), { is_admin: true })).status).toBe(403);
    expect((await member.delete(path(acme, ada))).status).toBe(403);
    const eve = service.stranger(await service.person('Eve'));
    expect((await eve.patch(path(acme, bob), { is_admin: true })).status).toBe(404);
  });
});
