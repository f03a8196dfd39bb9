import { eventually, expectError, signedIn } from '@rivergate/testing';
import type { IdentityProviderUnderTest } from '@rivergate/testing/identity-provider';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type SsoUnderTest,
  startOpenidProvider,
  startSsoUnderTest,
  type Tenant,
} from '../testing/sso-under-test.ts';
import { ssoTools } from '../tools.ts';
import { remindByPlan } from './remind-by-plan.ts';

let elsewhere: IdentityProviderUnderTest;
let service: SsoUnderTest;
let acme: Tenant;
/** Has MFA and an identity at the provider; MFA alone; neither; neither, and suspended. */
let [ada, ben, cyd, dan]: number[] = [];
beforeAll(async () => {
  [elsewhere, service] = await Promise.all([startOpenidProvider(), startSsoUnderTest()]);
});
beforeEach(async () => {
  acme = await service.tenant();
  [ada, ben, cyd, dan] = ['ada', 'ben', 'cyd', 'dan'].map(name => {
    const { user_id } = service.fleet.account(`${name}@${acme.domain}`);
    service.fleet.setMember(acme.id, user_id, name === 'dan' ? 'suspended' : 'active');
    return user_id;
  });
  for (const userId of [ada!, ben!]) service.fleet.proven.add(userId);
  const provider = await service.oidcProvider(acme, elsewhere);
  await service.sql(
    `insert into sso.connections (organization_id, provider_id, subject, user_id, email, logins, last_login_at)
     values (?, ?, 'ada', ?, 'ada@acme.example', 1, now()) returning id`,
    [acme.id, provider, ada!],
  );
});
afterAll(async () => {
  await service?.stop();
  await elsewhere?.stop();
});

const at = (name: string, query = '') => `/api/v1/sso/enforcement/${name}/${acme.id}${query}`;
const notify = (type: string) => acme.administrator.post(at('notifications', `?notification_type=${type}`));
const act = (action: string, body?: object) =>
  acme.administrator.post(at('bulk-action', `?action=${action}`), body);
const plan = (body: object) => acme.administrator.post(at('plan'), body);
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
const audited = () =>
  service.sql<{ metadata: { kind: string; members: number } }>(
    `select metadata from sso.audit_log where action = 'sso.notices_sent' and organization_id = ? order by id`,
    [acme.id],
  );
const mailsTo = (name: string) => service.mail.to(`${name}@${acme.domain}`);

describe('the status', () => {
  it('says who is how far, of active members', async () => {
    const { status, body } = await acme.administrator.get(at('status'));
    expect([status, body.data.enforced, body.data.plan.phase]).toEqual([200, false, 'planning']);
    expect(body.data.totals).toEqual({
      members: 3,
      mfa_enabled: 2,
      sso_linked: 1,
      ready: 1,
      pending: 2,
      exempt: 0,
    });
    expect(body.data.members.map(({ user_id }: { user_id: number }) => user_id)).toEqual([ada, ben, cyd]);
    const pending = (await acme.administrator.get(at('status', '?only=pending&skip=1'))).body.data;
    expect([pending.total_count, pending.members[0]]).toMatchObject([
      2,
      { user_id: cyd, mfa_enabled: false, sso_linked: false, ready: false, last_reminded_at: null },
    ]);
  });

  it('is for administrators of the organization at hand', async () => {
    const other = await service.tenant();
    for (const name of ['status']) expectError(await other.administrator.get(at(name)), 404, 'NOT_FOUND');
    const member = service.as(signedIn({ userId: ada!, organizationId: acme.id, isMember: true }));
    expectError(await member.get(at('status')), 403, 'FORBIDDEN');
    expectError(await member.post(at('bulk-action', '?action=send_mfa_reminders')), 403, 'FORBIDDEN');
    expectError(await other.administrator.post(at('plan'), {}), 404, 'NOT_FOUND');
    expectError(
      await other.administrator.post(at('notifications', '?notification_type=mfa_setup')),
      404,
      'NOT_FOUND',
    );
  });
});

describe('the plan', () => {
  it('says what makes a member ready, and keeps what is left out', async () => {
    const first = await plan({
      mfa_deadline: inDays(30),
      exemptions: [{ user_id: cyd, reason: 'On leave' }],
    });
    expect(first.body.data.plan).toMatchObject({ phase: 'planning', sso_deadline: null });
    const second = await plan({ announce_at: inDays(-1), reminder_days: [7] });
    expect(second.body.data.plan).toMatchObject({
      phase: 'announced',
      reminder_days: [7],
      exemptions: [{ user_id: cyd, reason: 'On leave' }],
    });
    const { totals } = (await acme.administrator.get(at('status'))).body.data;
    expect(totals).toMatchObject({ ready: 2, pending: 0, exempt: 1 });
    expect((await plan({ mfa_deadline: inDays(-1) })).body.data.plan.phase).toBe('overdue');
  });

  it('exempts active members only, and tells organization at once where SSO is enforced', async () => {
    const refused = await plan({ exemptions: [{ user_id: dan, reason: 'Gone' }] });
    expectError(refused, 404, 'NOT_FOUND');
    expect(refused.body.error.details).toMatchObject([{ reason: `${dan} is no active member` }]);
    const administrator = 9_000 + acme.id;
    service.fleet.proven.add(administrator);
    const enforced = { enforce: true, break_glass_user_ids: [administrator] };
    expect((await acme.administrator.post(at('enforce'), enforced)).status).toBe(200);
    await plan({ exemptions: [{ user_id: ben, reason: 'Robot arm' }] });
    expect(service.fleet.requirements.at(-1)).toMatchObject({
      break_glass_user_ids: [administrator],
      exempt_user_ids: [ben],
    });
  });

  it.each([
    { mfa_deadline: 'soon' },
    { reminder_days: [0] },
    { reminder_days: [7, 7] },
    { exemptions: [{ user_id: 1 }] },
    { phase: 'enforced' },
  ])('422 for %j', async body => {
    expectError(await plan(body), 422, 'VALIDATION_ERROR');
  });

  it('reminds by itself, once for each day that has come', async () => {
    await plan({ sso_deadline: inDays(5), reminder_days: [7, 14, 1] });
    const tools = { ...service.resources, ...(await ssoTools(service.resources)) };
    const run = () => remindByPlan.run(tools);
    await Promise.all([run(), run()]);
    await run();
    await eventually(() => mailsTo('cyd').length > 0, 'the mail');
    expect([mailsTo('ada').length, mailsTo('ben').length, mailsTo('dan').length]).toEqual([0, 1, 0]);
    const [kept] = await service.sql<{ reminded: string[] }>(
      'select reminded from sso.migration_plans where organization_id = ?',
      [acme.id],
    );
    expect(kept!.reminded.map(mark => mark.split(', ').at(-1)).toSorted()).toEqual(['14', '7']);
  });
});

describe('notifications', () => {
  it('go to members who lack what they are about, at most once in 24 hours, also out of ten at once', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => notify('sso_migration')));
    const sent = answers.map(({ body }) => body.data.notifications_sent);
    expect(sent.reduce((sum, count) => sum + count)).toBe(2);
    expect(await notify('mfa_setup')).toMatchObject({
      status: 200,
      body: {
        success: true,
        message: 'Migration notifications sent successfully',
        data: {
          notifications_sent: 1,
          notifications_waiting: 1,
          notification_type: 'mfa_setup',
          message: 'Migration notifications sent successfully',
        },
      },
    });
    expect((await notify('mfa_setup')).body.data.notifications_sent).toBe(0);
    await service.sql(
      "update sso.member_notices set sent_at = now() - interval '25 hours' where organization_id = ? returning user_id",
      [acme.id],
    );
    expect((await notify('mfa_setup')).body.data.notifications_sent).toBe(1);
    expect((await notify('enforcement_warning')).body.data.notifications_sent).toBe(2);
    await eventually(() => mailsTo('cyd').length === 4, 'the mails');
    expect((await audited()).length).toBe(14);
  });

  it.each(['', '?notification_type=spam'])('422 for "%s"', async query => {
    expectError(await acme.administrator.post(at('notifications', query)), 422, 'VALIDATION_ERROR');
  });
});

describe('a bulk action', () => {
  it('reminds the named members, or every one, and says how many', async () => {
    expect((await act('send_sso_reminders', { user_ids: [ada, ben] })).body).toMatchObject({
      message: "Bulk action 'send_sso_reminders' executed successfully",
      data: {
        action: 'send_sso_reminders',
        users_affected: 1,
        message: "Bulk action 'send_sso_reminders' executed successfully",
      },
    });
    expect((await act('send_sso_reminders')).body.data.users_affected).toBe(1);
    expect((await act('send_mfa_reminders')).body.data.users_affected).toBe(1);
    expect((await audited()).map(({ metadata }) => metadata.members)).toEqual([1, 1, 1]);
  });

  it('makes a report', async () => {
    await act('send_mfa_reminders');
    const { data } = (await act('generate_migration_report')).body;
    expect(data).toMatchObject({ users_affected: 3, report: { totals: { members: 3, ready: 1 } } });
    expect(Object.keys(data.report.members[0]).toSorted()).toEqual([
      'email',
      'exempt',
      'last_login_at',
      'last_reminded_at',
      'mfa_enabled',
      'ready',
      'sso_linked',
      'user_id',
    ]);
    expect(data.report.members[2].last_reminded_at).toMatch(/Z$/);
  });

  it('404 for anybody who is no active member, and nothing is sent', async () => {
    const refused = await act('send_sso_reminders', { user_ids: [cyd, dan] });
    expectError(refused, 404, 'NOT_FOUND');
    expect(refused.body.error.details[0].reason).toContain(String(dan));
    expect(await audited()).toEqual([]);
  });

  it.each([
    ['send_sso_reminders', { user_ids: [] }],
    ['send_sso_reminders', { user_ids: [1, 1] }],
    ['send_sso_reminders', { user_ids: Array.from({ length: 1_001 }, (_, index) => index + 1) }],
    ['delete_members', {}],
  ])('422 for %s with %j', async (action, body) => {
    expectError(await act(action, body), 422, 'VALIDATION_ERROR');
  });
});
