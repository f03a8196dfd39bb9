import { administrator, eventually } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import {
  type SsoUnderTest,
  startOpenidProvider,
  startSsoUnderTest,
  type Tenant,
} from '../testing/sso-under-test.ts';
import { ssoTools } from '../tools.ts';
import { sendNotices } from './send-notices.ts';

const APP_URL = 'https://app.rivergate.test';

let service: SsoUnderTest;
let acme: Tenant;
beforeAll(async () => {
  service = await startSsoUnderTest({ APP_URL });
});
beforeEach(async () => {
  acme = await service.tenant();
});
afterAll(async () => await service?.stop());

let people = 0;
function members(count: number, of = acme): string[] {
  return Array.from({ length: count }, () => {
    const { user_id, email } = service.fleet.account(`member${++people}@${of.domain}`);
    service.fleet.setMember(of.id, user_id, 'active');
    return email;
  });
}
const at = (name: string, query = '', of = acme) => `/api/v1/sso/enforcement/${name}/${of.id}${query}`;
const notify = async (of = acme) =>
  (await of.administrator.post(at('notifications', '?notification_type=mfa_setup', of))).body.data;
const notices = async (of = acme) => (await of.administrator.get(at('status', '', of))).body.data.notices;
const areDone = () => eventually(async () => (await notices())[0]?.waiting === 0, 'the last batch', 60_000);
const mailsTo = (addresses: string[]) => addresses.map(address => service.mail.to(address).length);
const once = (addresses: string[]) => addresses.map(() => 1);
const counted = async (sql: string) =>
  Number((await service.sql<{ count: number }>(`select count(*) as count ${sql}`, [acme.id]))[0]!.count);
const pending = () => counted('from sso.member_notices where mail_pending and organization_id = ?');

it('tells more members than a batch has, each once, and leads them to the app', async () => {
  const addresses = members(450);
  expect(await notify()).toMatchObject({ notifications_sent: 450, notifications_waiting: 450 });
  expect((await notify()).notifications_sent).toBe(0);
  await areDone();
  await eventually(() => service.mail.to(addresses.at(-1)!).length > 0, 'the last mail', 60_000);
  await eventually(
    () => addresses.every(address => service.mail.to(address).length > 0),
    'all mails',
    60_000,
  );
  expect(mailsTo(addresses)).toEqual(once(addresses));
  expect(service.mail.to(addresses[0]!)[0]!.text).toContain(`${APP_URL}/sign-in`);
  expect(await notices()).toEqual([
    { kind: 'mfa_setup', members: 450, waiting: 0, started_at: expect.stringMatching(/Z$/) },
  ]);
}, 120_000);

it('says how far it is, and goes on by itself after a process that vanished in a batch', async () => {
  const addresses = members(5);
  // Somebody else's batch, which will not be finished.
  await service.sql(
    `insert into sso.notice_runs (organization_id, kind, members, due_at)
     select ?, 'mfa_setup', 0, now() + interval '1 hour' returning kind`,
    [acme.id],
  );
  const tools = { ...service.resources, ...(await ssoTools(service.resources)) };
  await service.sql(
    `insert into sso.member_notices (organization_id, user_id, kind, sent_at, mail_pending)
     select ?, user_id, 'mfa_setup', now(), true from unnest(cast(? as bigint[])) as user_id returning user_id`,
    [acme.id, `{${idsOf(addresses).join(',')}}`],
  );
  const [run] = await service.sql<{ due_at: Date }>(
    `update sso.notice_runs set members = 5, due_at = date_trunc('milliseconds', due_at)
     where organization_id = ? returning due_at`,
    [acme.id],
  );
  const claimed = { organization_id: acme.id, kind: 'mfa_setup', ...run! } as const;
  let made = 0;
  const dying = {
    ...tools.mailer,
    async send(...given: Parameters<typeof tools.mailer.send>) {
      if (++made > 2) throw new Error('The process has ended');
      await tools.mailer.send(...given);
    },
  };
  await expect(sendNotices.work({ ...tools, mailer: dying }, claimed)).rejects.toThrow('has ended');
  expect(await notices()).toMatchObject([{ members: 5, waiting: 5 }]);
  expect(await pending()).toBe(5);
  // The claim runs out.
  await service.sql('update sso.notice_runs set due_at = now() where organization_id = ? returning kind', [
    acme.id,
  ]);
  await areDone();
  // What the claim that ran out was for does nothing any more.
  await sendNotices.work(tools, claimed);
  await eventually(() => mailsTo(addresses).every(count => count > 0), 'the mails');
  expect(mailsTo(addresses)).toEqual(once(addresses));
});

it('makes each mail once where two processes have the same batch in hand', async () => {
  const addresses = members(20);
  await service.sql(
    `insert into sso.notice_runs (organization_id, kind, members, due_at)
     values (?, 'mfa_setup', 20, date_trunc('milliseconds', now() + interval '1 hour')) returning kind`,
    [acme.id],
  );
  await service.sql(
    `insert into sso.member_notices (organization_id, user_id, kind, sent_at, mail_pending)
     select ?, user_id, 'mfa_setup', now(), true from unnest(cast(? as bigint[])) as user_id returning user_id`,
    [acme.id, `{${idsOf(addresses).join(',')}}`],
  );
  const [run] = await service.sql<{ due_at: Date }>(
    'select due_at from sso.notice_runs where organization_id = ?',
    [acme.id],
  );
  const tools = { ...service.resources, ...(await ssoTools(service.resources)) };
  const claimed = { organization_id: acme.id, kind: 'mfa_setup', ...run! } as const;
  await Promise.all(Array.from({ length: 10 }, () => sendNotices.work(tools, claimed)));
  await eventually(() => mailsTo(addresses).every(count => count > 0), 'the mails');
  expect(mailsTo(addresses)).toEqual(once(addresses));
});

it('leaves out who is no member any more, or has done what they are asked for', async () => {
  const [gone, done, left] = members(3) as [string, string, string];
  await service.sql(
    `insert into sso.notice_runs (organization_id, kind, members, due_at)
     values (?, 'mfa_setup', 0, now() + interval '1 hour') returning kind`,
    [acme.id],
  );
  await service.sql(
    `insert into sso.member_notices (organization_id, user_id, kind, sent_at, mail_pending)
     select ?, user_id, 'mfa_setup', now(), true from unnest(cast(? as bigint[])) as user_id returning user_id`,
    [acme.id, `{${idsOf([gone, done, left]).join(',')}}`],
  );
  service.fleet.setMember(acme.id, idsOf([gone])[0]!, 'removed');
  service.fleet.proven.add(idsOf([done])[0]!);
  await service.sql(
    'update sso.notice_runs set members = 3, due_at = now() where organization_id = ? returning kind',
    [acme.id],
  );
  await areDone();
  await eventually(() => service.mail.to(left).length > 0, 'the mail');
  expect(mailsTo([gone, done, left])).toEqual([0, 0, 1]);
});

it('gives an organization with few members its turn while one with many is at it', async () => {
  members(1_000);
  const other = await service.tenant();
  const [one] = members(1, other);
  await notify();
  await notify(other);
  await eventually(
    async () =>
      (
        await service.sql(
          `select from sso.notice_runs as few, sso.notice_runs as many where few.organization_id = ? and many.organization_id = ?
             and few.members = few.handled and many.members > many.handled`,
          [other.id, acme.id],
        )
      ).length > 0,
    'the one to have had its turn, and the many not all',
  );
  await eventually(() => service.mail.to(one!).length === 1, 'the mail', 120_000);
}, 180_000);

it('leads whom it lets in by the provider only to the app as well', async () => {
  const elsewhere = await startOpenidProvider();
  const administrator = 9_000 + acme.id;
  service.fleet.proven.add(administrator);
  const provider = await service.oidcProvider(acme, elsewhere);
  await elsewhere.stop();
  await service.sql(
    `insert into sso.connections (organization_id, provider_id, subject, user_id, email, logins, last_login_at)
     values (?, ?, 'ada', ?, 'ada@acme.example', 1, now()) returning id`,
    [acme.id, provider, administrator],
  );
  const enforced = { enforce: true, break_glass_user_ids: [administrator] };
  expect((await acme.administrator.post(at('enforce'), enforced)).status).toBe(200);
  expect(service.fleet.requirements.at(-1)?.login_url).toBe(`${APP_URL}/sign-in`);
  // Protocols go on by the address of the platform.
  const metadata = await service.anonymous.get(`/api/v1/sso/providers/${provider}/metadata`);
  expect(metadata.text).toContain('http://rivergate.test/api/v1/sso/providers/');
});

it('shows its progress to administrators of the organization alone', async () => {
  members(1);
  await notify();
  const stranger = service.as(administrator({ userId: 8_000_000, organizationId: acme.id + 5_000 }));
  expect((await stranger.get(at('status'))).status).toBe(404);
});

const idsOf = (addresses: string[]): number[] =>
  addresses.map(
    address => [...service.fleet.accounts.values()].find(({ email }) => email === address)!.user_id,
  );
