import { userRemoved } from '@rivergate/events';
import { eventually, fellowService } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type OrganizationUnderTest,
  type Person,
  publishEvent,
  startOrganizationUnderTest,
  verify,
} from '../testing/organization-under-test.ts';

let service: OrganizationUnderTest;
let ada: Person;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
  ada = await service.person('Ada');
});
afterAll(async () => await service?.stop());

const PATH = '/api/v1/organizations';
let count = 0;
/** What an attacker does with somebody else's address. */
const reserve = async (more: object = {}) => {
  const name = `Reserved ${++count}`;
  const admin_email = `owner${count}@victim.example`;
  const answer = await service.nobody.post(PATH, {
    name,
    admin_email,
    admin_password: 'Correct-Horse-1',
    domain: 'victim.example',
    ...more,
  });
  expect(answer.status, answer.text).toBe(201);
  const { organization, workspace, user } = answer.body.data;
  return { id: organization.id, name, userId: user.id, email: admin_email, workspaceId: workspace.id };
};
const remove = async (userId: number, reason = 'never_verified') => {
  const before = await handled();
  await publishEvent(service, userRemoved, { user_id: userId, reason });
  await eventually(async () => (await handled()) > before);
};
const handled = async () => {
  const rows = await service.sql(
    "select 1 from organization.inbox where consumer = 'unverified-administrators'",
  );
  return rows.length;
};
const left = async (organizationId: number) => {
  const tables = ['organizations', 'workspaces', 'roles', 'memberships', 'invitations', 'role_assignments'];
  const rows = await Promise.all(
    tables.map(table =>
      service.sql(
        `select 1 from organization.${table} where ${table === 'organizations' ? 'id' : 'organization_id'} = ?`,
        [organizationId],
      ),
    ),
  );
  return tables.filter((_, index) => rows[index]!.length > 0);
};

describe('an organization that was created with a stranger’s address', () => {
  it.each(['never_verified', 'replaced_by_signup'])(
    'ends with the account (%s): name and domain are free again, its invitations are gone',
    async reason => {
      const reserved = await reserve({ invitations: [{ email: 'guest@victim.example', role: 'Admin' }] });
      expect((await service.stranger(ada).post(PATH, { name: reserved.name })).status).toBe(409);
      await remove(reserved.userId, reason);
      expect(await left(reserved.id)).toEqual([]);
      expect(await service.audited(reserved.id)).toEqual(
        expect.arrayContaining(['member.removed', 'invitation.revoked', 'organization.deleted']),
      );
      await service.found(ada, reserved.name, { domain: 'victim.example' });
      // Neither the invitation nor a late verification of the gone account does anything any more.
      await verify(service, { ...reserved, name: 'Late' });
      expect(service.mail.to('guest@victim.example')).toEqual([]);
    },
  );

  it('ends once: its event again touches nothing of whoever has the name now', async () => {
    const reserved = await reserve();
    await remove(reserved.userId);
    const founded = await service.found(ada, reserved.name);
    await remove(reserved.userId);
    expect(await left(founded.id)).toContain('organizations');
    const ended = (await service.audited(reserved.id)).filter(action => action === 'organization.deleted');
    expect(ended).toHaveLength(1);
  });

  it('takes no other organization with it', async () => {
    const [first, second] = [await reserve(), await reserve()];
    await remove(first.userId);
    expect(await left(first.id)).toEqual([]);
    expect(await left(second.id)).toContain('organizations');
  });

  it('goes on without the account where a verified person is active', async () => {
    const reserved = await reserve();
    await join(reserved.id, (await service.person('Bob')).userId, 'active');
    await remove(reserved.userId);
    expect(await left(reserved.id)).toContain('organizations');
    const { body } = await service
      .as(fellowService('gateway'))
      .get(`/internal/organizations/${reserved.id}/principals/${reserved.userId}`);
    expect(body.data.member).toBe(false);
    expect(await service.audited(reserved.id)).toContain('member.removed');
  });

  it('ends where the others are suspended or unverified', async () => {
    const reserved = await reserve();
    await join(reserved.id, (await service.person('Bob')).userId, 'suspended');
    await join(reserved.id, (await reserve()).userId, 'active');
    await remove(reserved.userId);
    expect(await left(reserved.id)).toEqual([]);
  });

  it('stays when its administrator has verified the address', async () => {
    const reserved = await reserve();
    await verify(service, { ...reserved, name: 'Owner' });
    await eventually(async () => {
      const rows = await service.sql(
        "select 1 from organization.people where user_id = ? and verified_emails <> '{}'",
        [reserved.userId],
      );
      return rows.length > 0;
    });
    await remove(reserved.userId);
    expect(await left(reserved.id)).toContain('organizations');
  });
});

const join = (organizationId: number, userId: number, status: string) =>
  service.sql(
    "insert into organization.memberships (organization_id, user_id, status, source) values (?, ?, ?, 'admin')",
    [organizationId, userId, status],
  );
