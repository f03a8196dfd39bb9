import { organizationGeneration } from '@rivergate/caller';
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

describe('removing a member', () => {
  it('ends membership, roles and workspaces at once, and can be undone by a new invitation', async () => {
    const acme = await found();
    const bob = await service.person('Bob');
    await service.join(acme, bob, acme.roles.Developer);
    const generation = () => organizationGeneration(service.resources.redis, acme.id);
    const before = await generation();
    const answer = await (await service.member(ada, acme.id)).delete(path(acme, bob));
    expect(answer.body.data).toEqual({
      user_id: bob.userId,
      withdrawn_invitations: [],
      message: 'Member removed successfully',
    });
    expect(await standing(acme, bob)).toMatchObject({ member: false, permissions: [] });
    expect(await generation()).not.toBe(before);
    expect(await service.audited(acme.id)).toContain('member.removed');
    const left = await service.sql(
      'select 1 from organization.role_assignments where organization_id = ? and user_id = ?',
      [acme.id, bob.userId],
    );
    expect(left).toEqual([]);
    await service.join(acme, bob);
    expect((await standing(acme, bob)).permissions).not.toContain('query.execute');
  });

  it('never removes the last administrator', async () => {
    const acme = await found();
    const answer = await (await service.member(ada, acme.id)).delete(path(acme, ada));
    expect([answer.status, answer.body.error.code]).toEqual([409, 'LAST_ADMINISTRATOR']);
  });

  it('does not count a suspended administrator as one', async () => {
    const acme = await found();
    const bob = await service.person('Bob');
    await service.join(acme, bob, acme.roles.Admin);
    await service.sql(
      "update organization.memberships set status = 'suspended' where organization_id = ? and user_id = ?",
      [acme.id, bob.userId],
    );
    const admin = await service.member(ada, acme.id);
    expect((await admin.delete(path(acme, ada))).status).toBe(409);
    expect((await admin.delete(path(acme, bob))).status).toBe(200);
    expect(await standing(acme, bob)).toMatchObject({ member: false });
  });

  it('leaves one of two administrators who remove each other at the same time', async () => {
    for (let round = 0; round < 3; round++) {
      const acme = await found();
      const bob = await service.person('Bob');
      await service.join(acme, bob, acme.roles.Admin);
      const [first, second] = [await service.member(ada, acme.id), await service.member(bob, acme.id)];
      const answers = await Promise.all([first.delete(path(acme, bob)), second.delete(path(acme, ada))]);
      // The second is no member any more when its turn comes.
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 404]);
    }
  });

  it('leaves one of two administrators who go by demotion and removal at the same time', async () => {
    const acme = await found();
    const bob = await service.person('Bob');
    await service.join(acme, bob, acme.roles.Admin);
    const admin = await service.member(ada, acme.id);
    const answers = await Promise.all([
      admin.delete(path(acme, bob)),
      admin.patch(path(acme, ada), { is_admin: false }),
    ]);
    // Whose demotion comes first removes nobody any more.
    expect([
      [200, 403],
      [200, 409],
    ]).toContainEqual(answers.map(({ status }) => status).sort());
    const administrators = await service.sql(
      "select user_id from organization.memberships where organization_id = ? and is_admin and status = 'active'",
      [acme.id],
    );
    expect(administrators).toHaveLength(1);
  });

  it('knows nobody who is not there', async () => {
    const acme = await found();
    const bob = await service.person('Bob');
    expect((await (await service.member(ada, acme.id)).delete(path(acme, bob))).status).toBe(404);
  });
});

describe('a suspended membership', () => {
  it('counts as none', async () => {
    const acme = await found();
    const bob = await service.person('Bob');
    await service.join(acme, bob, acme.roles.Developer);
    await service.sql(
      "update organization.memberships set status = 'suspended' where organization_id = ? and user_id = ?",
      [acme.id, bob.userId],
    );
    expect(await standing(acme, bob)).toEqual({
      member: false,
      is_admin: false,
      permissions: [],
      role_ids: [],
      workspaces: [],
      plan: null,
    });
    const { body } = await service.stranger(bob).get('/api/v1/organizations');
    expect(body.data.organizations.map(({ id }: { id: number }) => id)).not.toContain(acme.id);
    const { data } = (
      await service.as(fellowService('identity', { userId: bob.userId })).get('/internal/memberships')
    ).body;
    expect(data.workspaces.map(({ id }: { id: number }) => id)).not.toContain(acme.workspaceId);
  });
});
