import { identityUserErased, ssoUserErased } from '@rivergate/events';
import { connectDatabase } from '@rivergate/service';
import { eventually, fellowService, publishEvent, signedIn } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InvitationFixture, invitationFixture, outcome } from '../testing/invitation-fixture.ts';
import {
  type Founded,
  type OrganizationUnderTest,
  type Person,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';

let service: OrganizationUnderTest;
let fixture: InvitationFixture;
let ada: Person;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
  fixture = await invitationFixture(service);
  ada = fixture.administrator;
});
afterAll(async () => await service?.stop());

const eraseMember = async (acme: Founded, person: Person, by = ada) =>
  (await service.member(by, acme.id)).delete(`/api/v1/users/${person.userId}?erase=true`);
const eraseMe = (person: Person, email = person.email) =>
  service.stranger(person).delete(`/api/v1/auth/me?confirm_email=${encodeURIComponent(email)}`);
const stateOf = async (receipt: string) =>
  (await service.nobody.get(`/api/v1/erasures/${receipt}`)).body.data.erasure;
const confirmedBy = ({ services }: { services: { service: string; confirmed_at: string | null }[] }) =>
  services.filter(({ confirmed_at }) => confirmed_at).map(({ service: name }) => name);
/** Until this service has done its part. */
const erasedHere = (receipt: string) =>
  eventually(async () => confirmedBy(await stateOf(receipt)).includes('organization'), 'the erasure');
const othersConfirm = async (receipt: string) => {
  const [row] = await service.sql<{ id: number; user_id: number; organization_id: number | null }>(
    'select id, user_id, organization_id from organization.user_erasures order by id desc limit 1',
  );
  expect(await stateOf(receipt)).toMatchObject({ status: 'in_progress' });
  const data = { erasure_id: row!.id, user_id: row!.user_id, organization_id: row!.organization_id };
  const confirmation = { subject: row!.user_id, data: data as never };
  await publishEvent(service, 'identity', identityUserErased, confirmation);
  await publishEvent(service, 'sso', ssoUserErased, confirmation);
};
const memberships = async ({ userId }: Person): Promise<{ id: number; is_admin: boolean }[]> =>
  (await service.as(fellowService('identity', { userId })).get('/internal/memberships')).body.data
    .organizations;
/** Tables of this service in which the text stands, in whichever column. */
async function holding(text: string): Promise<string[]> {
  const tables = await service.sql<{ table: string }>(
    `select c.relname as table from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname in ('organization') and c.relkind in ('r', 'p') and not c.relispartition`,
  );
  const found: string[] = [];
  for (const { table } of tables) {
    const rows = await service.sql(
      `select 1 from organization.${table} t where strpos(t::text, ?) > 0 limit 1`,
      [text],
    );
    if (rows.length > 0) found.push(table);
  }
  return found.sort();
}

describe('a user whom an administrator has erased', () => {
  it('is gone from the organization, and stays what they are elsewhere', async () => {
    const [acme, other] = [await fixture.found(), await fixture.found()];
    const bob = await service.person('Bob');
    for (const organization of [acme, other]) await service.join(organization, bob);
    const admin = await service.member(ada, acme.id);
    await admin.put(`/api/v1/users/${bob.userId}`, { display_name: 'Bobby of Acme' });
    const { status, body } = await eraseMember(acme, bob);
    expect(status).toBe(202);
    expect(body.data).toEqual({
      user: { id: bob.userId },
      erasure: { receipt: expect.any(String), requested_at: expect.stringMatching(/Z$/) },
    });
    const { receipt } = body.data.erasure;
    await erasedHere(receipt);
    await othersConfirm(receipt);
    const state = await eventually(async () => {
      const found = await stateOf(receipt);
      return found.status === 'finished' && found;
    });
    expect(confirmedBy(state).sort()).toEqual(['identity', 'organization', 'sso']);

    expect(await holding('Bobby of Acme')).toEqual([]);
    for (const table of ['memberships', 'invitations', 'invitation_mails', 'role_assignments'])
      expect(
        await service.sql(
          `select 1 from organization.${table} t where organization_id = ? and strpos(t::text, ?) > 0`,
          [acme.id, bob.email],
        ),
        table,
      ).toEqual([]);
    const audit = await service.sql<{ text: string }>(
      'select t::text as text from organization.audit_log t where organization_id = ?',
      [acme.id],
    );
    expect(audit.filter(({ text }) => text.includes(bob.email))).toEqual([]);
    const actions = await service.audited(acme.id);
    for (const action of ['member.added', 'user.erasure_requested', 'user.erased', 'user.erasure_finished'])
      expect(actions).toContain(action);

    expect((await memberships(bob)).map(({ id }) => id)).toContain(other.id);
    const there = await (await service.member(ada, other.id)).get(`/api/v1/users/${bob.userId}`);
    expect(there.body.data.user).toMatchObject({ email: bob.email, display_name: 'Bob' });
    const invitations = 'select 1 from organization.invitations where organization_id = ? and email = ?';
    expect(await service.sql(invitations, [other.id, bob.email])).toHaveLength(1);
    // Who was erased can be invited again, like anybody.
    await service.join(acme, bob);
  });

  it('is removed and not erased where that is not asked for', async () => {
    const acme = await fixture.found();
    const bob = await service.person('Bob');
    await service.join(acme, bob);
    const answer = await (await service.member(ada, acme.id)).delete(`/api/v1/users/${bob.userId}`);
    expect([answer.status, answer.body.data]).toEqual([200, { user: { id: bob.userId } }]);
    expect(await service.audited(acme.id)).not.toContain('user.erasure_requested');
  });

  it('is none of another organization, and not for who may not remove users', async () => {
    const acme = await fixture.found();
    const [bob, eve, mallory] = [
      await service.person('Bob'),
      await service.person('Eve'),
      await service.person('Mallory'),
    ];
    await service.join(acme, bob);
    const other = await service.found(eve, `Other of ${eve.userId}`);
    expect(outcome(await eraseMember(other, bob, eve))).toEqual([404, 'USER_NOT_FOUND']);
    await service.join(acme, mallory, acme.roles.Developer);
    expect(outcome(await eraseMember(acme, bob, mallory))).toEqual([403, 'FORBIDDEN']);
    const former = await service.person('Former');
    await service.join(acme, former, acme.roles.Admin);
    const heldBack = await service.member(former, acme.id);
    await (await service.member(ada, acme.id)).delete(`/api/v1/users/${former.userId}`);
    const answer = await heldBack.delete(`/api/v1/users/${bob.userId}?erase=true`);
    expect(outcome(answer)).toEqual([403, 'FORBIDDEN']);
    expect((await service.nobody.delete(`/api/v1/users/${bob.userId}?erase=true`)).status).toBe(401);
    expect((await memberships(bob)).map(({ id }) => id)).toContain(acme.id);
  });

  it('is never the last administrator', async () => {
    const acme = await fixture.found();
    expect(outcome(await eraseMember(acme, ada))).toEqual([409, 'LAST_ADMINISTRATOR']);
  });

  it('is erased once, by ten at once', async () => {
    const acme = await fixture.found();
    const bob = await service.person('Bob');
    await service.join(acme, bob);
    const answers = await Promise.all(Array.from({ length: 10 }, () => eraseMember(acme, bob)));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, ...Array(9).fill(404)]);
    const requested = (await service.audited(acme.id)).filter(action => action === 'user.erasure_requested');
    expect(requested).toHaveLength(1);
  });
});

describe('a person who erases themself', () => {
  it('leaves nothing behind but ids', async () => {
    const acme = await fixture.found();
    const zoe = await service.person('Zoe Unmistakable');
    await service.join(acme, zoe, acme.roles.Admin);
    const friend = await service.person('Friend');
    await (await service.member(zoe, acme.id)).post(`/api/v1/organizations/${acme.id}/members/invite`, {
      email: friend.email,
      workspace_id: acme.workspaceId,
      role_id: acme.roles.Viewer,
      message: 'Yours, Zoe Unmistakable',
    });
    const admin = await service.member(ada, acme.id);
    const imported = await admin.post('/api/v1/users/bulk-import', {
      content: `email,display_name\n${zoe.email},Zoe Unmistakable\n`,
    });
    expect(imported.status).toBe(200);
    const elsewhere = await fixture.found();
    await fixture.invite(elsewhere, zoe.email, { message: 'Hello Zoe Unmistakable' });
    const done = "select 1 from organization.job_items where organization_id = ? and outcome <> 'pending'";
    await eventually(async () => (await service.sql(done, [acme.id])).length > 0);
    await service.mail.nth(zoe.email, 2);
    const payload = { type: 'organization.invitation.sent', data: { email: zoe.email, user_id: zoe.userId } };
    await service.sql(
      `insert into organization.webhook_messages (organization_id, event_id, type, occurred_at, payload)
       values (?, gen_random_uuid(), 'organization.invitation.sent', now(), ?)`,
      [acme.id, JSON.stringify(payload)],
    );

    const { status, body, headers } = await eraseMe(zoe);
    expect(status).toBe(202);
    const { receipt } = body.data.erasure;
    expect(headers.get('location')).toBe(`/api/v1/erasures/${receipt}`);
    expect(await memberships(zoe)).toEqual([]);
    await erasedHere(receipt);
    await othersConfirm(receipt);
    await eventually(async () => (await stateOf(receipt)).status === 'finished');
    // The personal organization was named after them.
    await eventually(async () => (await holding(zoe.email)).length === 0, 'the outbox and the mails');
    expect(await holding('Zoe Unmistakable')).toEqual([]);
    const log = await service.sql<{ ip_address: string | null; user_agent: string | null }>(
      'select ip_address, user_agent from organization.audit_log where actor_user_id = ?',
      [zoe.userId],
    );
    expect(log.length).toBeGreaterThan(0);
    expect(log.filter(({ ip_address, user_agent }) => ip_address ?? user_agent)).toEqual([]);
    expect((await service.mail.nth(zoe.email, 3)).text).toContain(receipt);
  });

  it('ends the organizations in which nobody else is, and no other', async () => {
    const bob = await service.person('Bob');
    const alone = await service.found(bob, `Alone of ${bob.userId}`);
    const together = await service.found(bob, `Together of ${bob.userId}`);
    await service.join(together, ada, together.roles.Admin);
    expect((await eraseMe(bob)).status).toBe(202);
    const left = await service.sql<{ id: number }>(
      'select id from organization.organizations where id in (?, ?) or personal_user_id = ?',
      [alone.id, together.id, bob.userId],
    );
    expect(left).toEqual([{ id: together.id }]);
    expect(await service.audited(alone.id)).toContain('organization.deleted');
  });

  it('is not the last administrator of anybody else', async () => {
    const bob = await service.person('Bob');
    const acme = await service.found(bob, `Needs ${bob.userId}`);
    await service.join(acme, ada);
    const refused = await eraseMe(bob);
    expect(outcome(refused)).toEqual([409, 'LAST_ADMINISTRATOR']);
    expect(refused.body.error.message).toContain(`Needs ${bob.userId}`);
    expect((await memberships(bob)).length).toBe(2);
    // Of one that is deleted, nobody else could restore it: it ends.
    const name = encodeURIComponent(`Needs ${bob.userId}`);
    await (await service.member(bob, acme.id)).delete(
      `/api/v1/organizations/${acme.id}?confirm_name=${name}`,
    );
    expect((await eraseMe(bob)).status).toBe(202);
    expect(await service.sql('select id from organization.organizations where id = ?', [acme.id])).toEqual(
      [],
    );
  });

  it('is nobody who merely holds a session, or another address', async () => {
    const bob = await service.person('Bob');
    const stale = service.as(
      signedIn({
        userId: bob.userId,
        sessionId: bob.userId,
        authTime: Math.floor(Date.now() / 1000) - 86_400,
      }),
    );
    const path = `/api/v1/auth/me?confirm_email=${bob.email}`;
    expect(outcome(await stale.delete(path))).toEqual([401, 'STEP_UP_REQUIRED']);
    expect((await service.nobody.delete(path)).status).toBe(401);
    expect(outcome(await eraseMe(bob, ada.email))).toEqual([422, 'VALIDATION_ERROR']);
    expect(outcome(await service.stranger(bob).delete('/api/v1/auth/me'))).toEqual([422, 'VALIDATION_ERROR']);
    expect((await memberships(bob)).length).toBe(1);
  });

  it('is erased once, by ten at once, and joins nothing afterwards', async () => {
    const bob = await service.person('Bob');
    const acme = await fixture.found();
    const { token } = await fixture.invited(acme, bob.email);
    const [accepted, founded, ...answers] = await Promise.all([
      service.stranger(bob).post(`/api/v1/invitations/${token}/accept`),
      service.stranger(bob).post('/api/v1/organizations', { name: `Late of ${bob.userId}` }),
      ...Array.from({ length: 10 }, () => eraseMe(bob)),
    ]);
    expect([200, 401, 404, 410]).toContain(accepted!.status);
    expect([201, 401]).toContain(founded!.status);
    const done = answers.filter(({ status }) => status === 202);
    // Where a membership began between two looks, nobody was erased; the person tries again.
    if (done.length === 0) expect((await eraseMe(bob)).status).toBe(202);
    else expect(done).toHaveLength(1);
    expect(await memberships(bob)).toEqual([]);
    expect(
      (await service.stranger(bob).post('/api/v1/organizations', { name: `Later of ${bob.userId}` })).status,
    ).toBe(401);
    expect(await memberships(bob)).toEqual([]);
    expect((await eraseMe(bob)).status).toBe(401);
  });
});

describe('an erasure', () => {
  it('is begun anew where it was broken off midway, and leaves nothing half done', async () => {
    const acme = await fixture.found();
    const bob = await service.person('Bob');
    await service.join(acme, bob);
    const held = connectDatabase(service.environment.databaseAdminUrl, 'test', 1);
    const invited = () =>
      service.sql('select 1 from organization.invitations where organization_id = ?', [acme.id]);
    let receipt = '';
    await held.transaction(async lock => {
      await lock.raw('lock table organization.job_items in exclusive mode');
      receipt = (await eraseMember(acme, bob)).body.data.erasure.receipt;
      const killed = `select pg_terminate_backend(pid) from pg_locks
        where not granted and relation = 'organization.job_items'::regclass`;
      for (let time = 0; time < 2; time++)
        await eventually(async () => (await service.sql(killed)).length > 0, 'the erasure to wait');
      expect(confirmedBy(await stateOf(receipt))).toEqual([]);
      expect(await invited()).toHaveLength(1);
    });
    await held.destroy();
    await erasedHere(receipt);
    expect(await invited()).toEqual([]);
  });

  it('is confirmed once, however often a service says so, and shows nothing but how far it is', async () => {
    const acme = await fixture.found();
    const bob = await service.person('Bob');
    await service.join(acme, bob);
    const { receipt } = (await eraseMember(acme, bob)).body.data.erasure;
    await erasedHere(receipt);
    await othersConfirm(receipt);
    await eventually(async () => (await stateOf(receipt)).status === 'finished');
    const finished = await stateOf(receipt);
    const [row] = await service.sql('select max(id) as id from organization.user_erasures');
    const data = { erasure_id: row!.id, user_id: bob.userId, organization_id: acme.id };
    for (let time = 0; time < 3; time++)
      await publishEvent(service, 'identity', identityUserErased, {
        subject: bob.userId,
        data: data as never,
      });
    await eventually(
      async () => (await service.audited(acme.id)).filter(action => action === 'user.erased').length >= 2,
    );
    expect(await stateOf(receipt)).toEqual(finished);
    expect(Object.keys(finished).sort()).toEqual(['finished_at', 'requested_at', 'services', 'status']);
    const finishes = (await service.audited(acme.id)).filter(action => action === 'user.erasure_finished');
    expect(finishes).toHaveLength(1);
  });

  it('is found by nothing but its receipt', async () => {
    for (const receipt of ['1', 'x'.repeat(43), '%27%20or%20true'])
      expect(outcome(await service.nobody.get(`/api/v1/erasures/${receipt}`))).toEqual([
        404,
        'ERASURE_NOT_FOUND',
      ]);
  });
});
