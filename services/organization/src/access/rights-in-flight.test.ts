import { connectDatabase } from '@rivergate/service';
import { eventually, type TestAnswer, type TestCaller } from '@rivergate/testing';
import type { Knex } from 'knex';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type Founded,
  type OrganizationUnderTest,
  type Person,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';

let service: OrganizationUnderTest;
let other: Knex;
let [ada, bob, cleo] = [] as unknown as [Person, Person, Person];
let acme: Founded;
let founded = 0;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
  other = connectDatabase(service.environment.databaseAdminUrl, 'another', 2);
});
afterAll(async () => {
  await other?.destroy();
  await service?.stop();
});
beforeEach(async () => {
  [ada, bob, cleo] = [await service.person('Ada'), await service.person('Bob'), await service.person('Cleo')];
  acme = await service.found(ada, `Acme ${++founded}`);
  await service.join(acme, bob, acme.roles.Admin);
  await service.join(acme, cleo);
});

/** Sends a request of Bob's while another transaction holds the organization, which then does that, commits, and lets it go on. */
async function meanwhile(change: string, send: (by: TestCaller) => PromiseLike<TestAnswer>): Promise<number> {
  const by = await service.member(bob, acme.id);
  const trx = await other.transaction();
  await trx.raw('select from organization.organizations where id = ? for update', [acme.id]);
  let answered = false;
  const answer = Promise.resolve(send(by)).finally(() => {
    answered = true;
  });
  await eventually(async () => answered || (await waitsFor(trx)), 'a request that waits');
  await trx.raw(change, [acme.id, bob.userId]);
  await trx.commit();
  return (await answer).status;
}

async function waitsFor(trx: Knex.Transaction): Promise<boolean> {
  const { rowCount } = await trx.raw(
    'select from pg_stat_activity where pg_backend_pid() = any (pg_blocking_pids(pid))',
  );
  return rowCount === 1;
}

const REMOVAL = 'delete from organization.memberships where organization_id = ? and user_id = ?';
const NO_ROLE = 'delete from organization.role_assignments where organization_id = ? and user_id = ?';
const path = (more: string) => `/api/v1/organizations/${acme.id}${more}`;

const WRITES: Record<string, (by: TestCaller) => PromiseLike<TestAnswer>> = {
  'a removal': by => by.delete(path(`/members/${cleo.userId}`)),
  'a change of role': by => by.patch(path(`/members/${cleo.userId}`), { is_admin: true }),
  'an assignment': by =>
    by.post(`/api/v1/roles/${acme.roles.Developer}/assignments`, { user_id: cleo.userId }),
  'a new role': by => by.post('/api/v1/roles', { name: 'Spy', permissions: ['policy.read'] }),
  'a change of settings': by => by.patch(path('/settings'), { invitations: { expiry_days: 3 } }),
  'an invitation': by =>
    by.post(path('/members/invite'), {
      email: 'accomplice@example.com',
      workspace_id: acme.workspaceId,
      role_id: acme.roles.Admin,
    }),
  'a new workspace': by => by.post(path('/workspaces'), { name: 'Hideout' }),
  'a member of a workspace': by => by.delete(path(`/workspaces/${acme.workspaceId}/members/${cleo.userId}`)),
  'a job': by =>
    by.post(path('/members/bulk-invite'), {
      workspace_id: acme.workspaceId,
      role_id: acme.roles.Viewer,
      invitations: [{ email: 'accomplice@example.com' }],
    }),
};

describe('a change that waits while rights are withdrawn', () => {
  for (const [what, send] of Object.entries(WRITES)) {
    it(`${what} of somebody who is removed meanwhile does nothing`, async () => {
      const before = await service.audited(acme.id);
      expect([403, 404]).toContain(await meanwhile(REMOVAL, send));
      expect(await service.audited(acme.id)).toEqual(before);
    });

    it(`${what} of somebody who loses the role meanwhile does nothing`, async () => {
      const before = await service.audited(acme.id);
      expect(await meanwhile(NO_ROLE, send)).toBe(403);
      expect(await service.audited(acme.id)).toEqual(before);
    });
  }

  it('goes on where nothing of it is withdrawn', async () => {
    expect(await meanwhile('select ?::int, ?::int', WRITES['a removal']!)).toBe(200);
  });

  it('of a system administrator, who is no member, goes on', async () => {
    const root = service.systemAdministrator(await service.person('Root'));
    expect((await root.patch(path('/settings'), { invitations: { expiry_days: 3 } })).status).toBe(200);
  });
});
