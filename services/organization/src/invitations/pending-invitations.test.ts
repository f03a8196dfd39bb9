import { withinOrganization } from '@rivergate/endpoint';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type InvitationFixture,
  invitationBody,
  invitationFixture,
  invitePath,
  outcome,
} from '../testing/invitation-fixture.ts';
import {
  type Founded,
  type OrganizationUnderTest,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';
import { expireInvitations } from './expire-invitations.ts';
import { seatsTaken } from './invitation-store.ts';

let service: OrganizationUnderTest;
let fixture: InvitationFixture;
beforeAll(async () => {
  service = await startOrganizationUnderTest({
    RATE_LIMIT_INVITATION_SENDER: 'off',
    RATE_LIMIT_INVITATION_ORGANIZATION: 'off',
  });
  fixture = await invitationFixture(service);
});
afterAll(async () => await service?.stop());

const addresses = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${name}${index}@example.com`);
/** Invitations that wait, one by one, and as many as are kept of the organization. */
async function counted({ id }: Founded): Promise<{ rows: number; kept: number }> {
  const [found] = await service.sql<{ rows: number; kept: number }>(
    `select (select count(*)::int from organization.invitations where organization_id = o.id and status = 'pending') as rows,
       pending_invitations as kept from organization.organizations o where id = ?`,
    [id],
  );
  return found!;
}

it('reads as many invitations for a count of thousands as for one of a few', async () => {
  const acme = await fixture.found();
  await service.sql(
    `insert into organization.invitations (organization_id, email, invited_by, token_hash, sent_at, expires_at)
     select ?, 'many' || n || '@example.com', 1, 'many' || n, now(), now() + interval '1 day' from generate_series(1, 3000) n`,
    [acme.id],
  );
  const [seats, read] = await service.resources.knex.transaction(async db => {
    await withinOrganization(db, acme.id);
    const taken = await seatsTaken(db, acme.id, 'many7@example.com');
    const { rows } = await db.raw(
      `select seq_tup_read + idx_tup_fetch as read from pg_stat_xact_user_tables
       where schemaname = 'organization' and relname = 'invitations'`,
    );
    return [taken, Number(rows[0].read)];
  });
  // The administrator, and all but one invitation.
  expect(seats).toBe(3000);
  expect(read).toBeLessThan(10);
});

it('counts right after a hundred changes at once', async () => {
  const acme = await fixture.found();
  const admin = await service.member(acme.administrator, acme.id);
  const invite = (email: string) => admin.post(invitePath(acme), invitationBody(acme, email));
  const revoke = (id: number) => admin.delete(`/api/v1/invitations/${id}`);
  const earlier: number[] = (await Promise.all(addresses('earlier', 25).map(invite))).map(
    ({ body }) => body.data.invitation.id,
  );
  const answers = await Promise.all([
    ...addresses('new', 30).map(invite),
    // Each twice, and each revoked twice: one of the two has nothing to do.
    ...addresses('twice', 10).flatMap(email => [invite(email), invite(email)]),
    ...earlier.flatMap(id => [revoke(id), revoke(id)]),
  ]);
  const answered = (status: number) => answers.filter(answer => answer.status === status).length;
  expect(answers).toHaveLength(100);
  expect(answered(409)).toBeGreaterThan(0);
  const waiting = earlier.length + answered(201) - answered(200);
  expect(await counted(acme)).toEqual({ rows: waiting, kept: waiting });
});

it('notes once that an invitation has lapsed, whoever looks at once, and lets it be sent again', async () => {
  const acme = await fixture.found();
  const [lapsed] = [
    await fixture.invited(acme, 'lapsed@example.com'),
    await fixture.invited(acme, 'waits@example.com'),
  ];
  await fixture.lapse(lapsed.id);
  expect(await counted(acme)).toEqual({ rows: 2, kept: 2 });
  await Promise.all(Array.from({ length: 5 }, () => expireInvitations.run(service.resources)));
  expect(await counted(acme)).toEqual({ rows: 1, kept: 1 });
  expect((await service.audited(acme.id)).filter(action => action === 'invitation.expired')).toHaveLength(1);
  const admin = await service.member(acme.administrator, acme.id);
  expect(
    outcome(await admin.post(`/api/v1/organizations/${acme.id}/invitations/${lapsed.id}/resend`)),
  ).toEqual([200, undefined]);
  expect(await counted(acme)).toEqual({ rows: 2, kept: 2 });
});
