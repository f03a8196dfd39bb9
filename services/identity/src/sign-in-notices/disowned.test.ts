import { administrator, eventually } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enrolEmail, enrolTotp } from '../testing/authenticator.ts';
import {
  type IdentityUnderTest,
  PASSWORD,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';
import { CALLBACK, oauthFixture } from '../testing/oauth-fixture.ts';
import { ORIGIN, passkeysUnderTest } from '../testing/passkeys-under-test.ts';
import { registrationFixture } from '../testing/registration-fixture.ts';
import { softwareAuthenticator } from '../testing/software-authenticator.ts';

const ELSEWHERE = '198.51.100.9';

let identity: IdentityUnderTest;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
});
afterAll(() => identity?.stop());

const logIn = (email: string, password = PASSWORD, ip = ELSEWHERE) =>
  identity.anonymous(ip).post('/api/v1/auth/login', { email, password });
const subjects = (email: string) => identity.mail.to(email).map(({ subject }) => subject);
const table = (name: string) => identity.resources.knex(name);

/** An account, somebody else's sign-in to it, and the link by which its owner disowns that. */
async function robbed() {
  const owner = await identity.person();
  const thief = identity.personOf(await logIn(owner.email), owner.email);
  const notice = await eventually(() =>
    identity.mail.to(owner.email).find(({ subject }) => subject === 'New sign-in to your account'),
  );
  const token = /not-me\?token=([\w-]+)/.exec(notice.text)![1]!;
  const disown = () => identity.anonymous('203.0.113.5').post('/api/v1/auth/not-me', { token });
  return { owner, thief, disown };
}
const isActive = async ({ sessionId }: { sessionId: number }) =>
  (await table('sessions').where({ id: sessionId }).first()).revoked_at === null;
const told = async (email: string) =>
  (
    await eventually(() =>
      identity.mail.to(email).find(({ subject }) => subject === 'The sign-in to your account was ended'),
    )
  ).text.replaceAll(/\s+/g, ' ');
const event = async ({ userId }: Person) =>
  (await identity.audited(userId)).find(({ action }) => action === 'auth.session.disowned')!.metadata;

async function changeAddress(person: Person, to: string) {
  const codes = () =>
    subjects(to).flatMap(subject => /^(\d{6}) confirms your new address$/.exec(subject)?.[1] ?? []);
  const before = codes().length;
  await person.caller.post('/api/v1/auth/me/email/request', { new_email: to }).expect(200);
  const change = { new_email: to, otp_code: await eventually(() => codes()[before]) };
  return person.caller.post('/api/v1/auth/me/email/verify', change);
}
async function resetPassword(email: string, password: string) {
  const before = subjects(email).filter(subject => subject === 'Set a new password').length;
  await identity.anonymous().post('/api/v1/auth/forgot-password', { email });
  const mail = await eventually(
    () => identity.mail.to(email).filter(({ subject }) => subject === 'Set a new password')[before],
  );
  const token = /token=([\w-]+)/.exec(mail.text)![1]!;
  return identity.anonymous().post('/api/v1/auth/reset-password', { token, new_password: password });
}

describe('second factors of a disowned session', () => {
  it('are off: nobody is kept out by the thief’s authenticator, codes by mail or backup codes', async () => {
    const { owner, thief, disown } = await robbed();
    await enrolTotp(identity, thief, 'Of the thief');
    await enrolEmail(identity, thief);
    expect((await logIn(owner.email)).body.data.mfa_required).toBe(true);
    await disown().expect(200);
    const login = await logIn(owner.email);
    expect([login.status, login.body.data.mfa_required]).toEqual([200, undefined]);
    for (const name of ['totp_devices', 'email_factors', 'backup_codes'])
      expect(await table(name).where({ user_id: owner.userId })).toEqual([]);
    expect((await event(owner)).undone).toEqual(['authenticator', 'mail_codes', 'backup_codes']);
    expect(await told(owner.email)).toMatch(/authenticator that was added.*codes by mail.*backup codes/);
  });

  it('leave what the owner had: the authenticator asks as before, codes that took the place of theirs do not count', async () => {
    const { owner, thief, disown } = await robbed();
    const own = await enrolTotp(identity, owner, 'Of the owner');
    const theirs = await enrolTotp(identity, thief, 'Of the thief');
    await disown().expect(200);
    const { temporary_token } = (await logIn(owner.email)).body.data;
    const chosen = await identity
      .anonymous()
      .post('/api/v1/auth/mfa/otp/generate', { temporary_token, method: 'totp' });
    const second = (proof: object) =>
      identity.anonymous().post('/api/v1/auth/mfa/verify', {
        temporary_token: chosen.body.data.temporary_token,
        ...proof,
      });
    for (const backup_code of [own.backupCodes[0], theirs.backupCodes[0]])
      expect((await second({ backup_code })).body.error.code).toBe('INVALID_MFA_CODE');
    expect((await second({ code: theirs.code(1) })).body.error.code).toBe('INVALID_MFA_CODE');
    expect((await second({ code: await own.freshCode() })).status).toBe(200);
  });

  it('cannot be made by what was on its way: of a setup and its end at once nothing stays', async () => {
    for (let round = 0; round < 4; round++) {
      const { owner, thief, disown } = await robbed();
      await Promise.all([
        disown().expect(200),
        enrolTotp(identity, thief).catch(() => undefined),
        thief.caller.post('/api/v1/auth/tokens', { name: 'Late', scopes: ['read'] }),
      ]);
      expect(await table('totp_devices').where({ user_id: owner.userId })).toEqual([]);
      expect(await table('personal_tokens').where({ user_id: owner.userId, revoked_at: null })).toEqual([]);
    }
  });

  it('cannot approve what was on its way: an application that is let in behind the end gets nothing', async () => {
    const { owner, thief, disown } = await robbed();
    const oauth = oauthFixture(identity);
    const application = await oauth.application();
    const waiting = async (count: number) => {
      const { rows } = await identity.resources.knex.raw(
        `select count(*)::int from pg_stat_activity where datname = current_database()
           and wait_event_type = 'Lock' and query like '%from "users"%for no key update%'`,
      );
      return rows[0].count === count;
    };
    const request = { client_id: application.client_id, redirect_uri: CALLBACK, approve: true };
    const { ending, approving } = await identity.resources.knex.transaction(async holding => {
      await holding('users').where({ id: owner.userId }).forNoKeyUpdate().select();
      const ending = (async () => disown())();
      await eventually(() => waiting(1));
      const approving = (async () => thief.caller.post('/api/v1/oauth/authorize', request))();
      await eventually(() => waiting(2));
      return { ending, approving };
    });
    expect([(await ending).status, (await approving).status]).toEqual([200, 401]);
    for (const name of ['oauth_grants', 'oauth_consents'])
      expect(await table(name).where({ user_id: owner.userId })).toEqual([]);
  });

  it('of which one waits for its code are forgotten, as is a change of the address that does', async () => {
    const { owner, thief, disown } = await robbed();
    await thief.caller.post('/api/v1/mfa/totp/setup', { device_name: 'Later' }).expect(200);
    await thief.caller
      .post('/api/v1/auth/me/email/request', { new_email: identity.newAddress() })
      .expect(200);
    await disown().expect(200);
    for (const name of ['pending_totp_setups', 'email_changes'])
      expect(await table(name).where({ user_id: owner.userId })).toEqual([]);
    expect((await event(owner)).undone).toEqual([]);
    expect(await told(owner.email)).toContain('nothing that would have stayed');
  });
});

describe('an address that was changed in a disowned session', () => {
  it('is the one before again, over several changes, and the way to a new password goes there alone', async () => {
    const { owner, thief, disown } = await robbed();
    const [first, second] = [identity.newAddress(), identity.newAddress()];
    expect((await changeAddress(thief, first)).status).toBe(200);
    expect((await changeAddress(thief, second)).status).toBe(200);
    expect((await changeAddress(thief, owner.email)).status).toBe(200);
    expect((await changeAddress(thief, second)).status).toBe(200);
    await disown().expect(200);
    await eventually(() => subjects(owner.email).includes('Set a new password'));
    expect(await told(owner.email)).toContain('your email address is the one before again');
    expect((await logIn(owner.email)).status).toBe(200);
    expect((await logIn(second)).status).toBe(401);
    for (const address of [first, second]) {
      expect(subjects(address)).not.toContain('Set a new password');
      expect(subjects(address)).not.toContain('The sign-in to your account was ended');
    }
    // Whose mailbox it became is told, and the addresses are free.
    expect(subjects(second)).toContain('Your email address was changed');
    const addresses = await table('email_addresses').where({ user_id: owner.userId });
    expect(addresses.map(({ email, is_primary }) => [email, is_primary])).toEqual([[owner.email, true]]);
    expect((await identity.audited(owner.userId)).map(({ action }) => action)).toContain(
      'user.email_changed',
    );
  });

  it('stays where the owner has changed it since, and the thief’s is on file no more', async () => {
    const { owner, thief, disown } = await robbed();
    const [theirs, own] = [identity.newAddress(), identity.newAddress()];
    await changeAddress(thief, theirs);
    expect((await changeAddress(owner, own)).status).toBe(200);
    await disown().expect(200);
    const addresses = await table('email_addresses').where({ user_id: owner.userId }).orderBy('id');
    expect(addresses.map(({ email, is_primary }) => [email, is_primary])).toEqual([
      [owner.email, false],
      [own, true],
    ]);
    await eventually(() => subjects(own).includes('Set a new password'));
  });

  it('ends what came by it: a password that its mailbox reset, and the sign-ins with that', async () => {
    const { owner, thief, disown } = await robbed();
    const theirs = identity.newAddress();
    await changeAddress(thief, theirs);
    expect((await resetPassword(theirs, 'Stolen2horse!')).status).toBe(204);
    const next = identity.personOf(await logIn(theirs, 'Stolen2horse!'), theirs);
    await disown().expect(200);
    expect(await isActive(next)).toBe(false);
    expect((await logIn(owner.email, 'Stolen2horse!')).status).toBe(401);
    expect((await event(owner)).undone).toEqual(['address', 'password']);
    await eventually(() => subjects(owner.email).includes('Set a new password'));
    expect((await resetPassword(owner.email, 'Mine3again!')).status).toBe(204);
    expect((await logIn(owner.email, 'Mine3again!')).status).toBe(200);
  });
});

it('what was made for an organization ends too: applications, tokens to register them, and who registered by these', async () => {
  const { owner, thief, disown } = await robbed();
  const oauth = oauthFixture(identity);
  const registration = registrationFixture(identity);
  const kept = await oauth.application();
  const { organizationId } = kept;
  const admin = identity.as(
    administrator({ userId: thief.userId, sessionId: thief.sessionId, organizationId }),
  );
  const wanted = {
    name: 'Back door',
    grant_types: ['client_credentials'],
    redirect_uris: [CALLBACK],
    scopes: ['read'],
  };
  const path = `/api/v1/organizations/${organizationId}/oauth-applications`;
  const made = (await admin.post(path, wanted).expect(201)).body.data;
  const { token } = await registration.issue({ ...kept, admin }, { max_uses: 5 });
  const client = await registration.register({ redirect_uris: [CALLBACK] }, token);
  expect(client.status).toBe(201);
  const own = (who: { client_id: string; client_secret: string }) =>
    oauth.send(
      '/oauth/token',
      oauth.form({ ...oauth.credentials(who as never), grant_type: 'client_credentials' }),
    );
  const { access_token } = (await own(made)).body;
  expect((await oauth.state(access_token)).state).toBe('active');
  await disown().expect(200);
  expect((await oauth.state(access_token)).state).toBe('revoked');
  expect([(await own(made)).status, (await own(kept)).status]).toEqual([401, 200]);
  expect((await registration.register({ redirect_uris: [CALLBACK] }, token)).status).toBe(401);
  const rows = await table('oauth_applications').where({ organization_id: organizationId }).orderBy('id');
  expect(rows.map(({ status }) => status)).toEqual(['active', 'revoked', 'revoked']);
  expect((await event(owner)).undone).toEqual(['made_application', 'registration_token']);
});

describe('sessions that came by a disowned one', () => {
  it('end, with what was made in them: by its password, by its passkey, and by those of these', async () => {
    const { owner, thief, disown } = await robbed();
    const keys = passkeysUnderTest(() => identity);
    const authenticator = softwareAuthenticator(ORIGIN);
    expect((await keys.register(thief, authenticator)).status).toBe(200);
    const byKey = identity.personOf(await keys.login({ email: owner.email, authenticator }), owner.email);
    const { token } = (
      await byKey.caller.post('/api/v1/auth/tokens', { name: 'Second', scopes: ['read'] }).expect(201)
    ).body.data;
    const theirs = identity.newAddress();
    expect((await changeAddress(byKey, theirs)).status).toBe(200);
    const passwords = { current_password: PASSWORD, new_password: 'Stolen2horse!' };
    await byKey.caller.post('/api/v1/auth/change-password', passwords).expect(200);
    const byPassword = identity.personOf(await logIn(theirs, 'Stolen2horse!'), theirs);
    await disown().expect(200);
    for (const session of [thief, byKey, byPassword]) expect(await isActive(session)).toBe(false);
    expect((await oauthFixture(identity).state(token)).state).toBe('revoked');
    expect((await logIn(owner.email, 'Stolen2horse!')).status).toBe(401);
    expect((await keys.login({ email: owner.email, authenticator })).status).not.toBe(200);
    const { session_ids, undone } = await event(owner);
    expect(session_ids).toEqual([thief, byKey, byPassword].map(({ sessionId }) => sessionId));
    expect(undone).toEqual(['address', 'password', 'passkey', 'token']);
  });

  it('by a trusted device or a backup code end, and those of the owner go on', async () => {
    const { owner, thief, disown } = await robbed();
    const { backupCodes } = await enrolTotp(identity, thief);
    const { temporary_token } = (await logIn(owner.email)).body.data;
    const chosen = await identity
      .anonymous(ELSEWHERE)
      .post('/api/v1/auth/mfa/otp/generate', { temporary_token, method: 'totp' });
    const verified = await identity.anonymous(ELSEWHERE).post('/api/v1/auth/mfa/verify', {
      temporary_token: chosen.body.data.temporary_token,
      backup_code: backupCodes[0],
    });
    const byCode = identity.personOf(verified, owner.email);
    const { activation_token } = verified.body.data.trusted_device;
    await byCode.caller.post('/api/v1/devices/activate', { activation_token }).expect(200);
    const byDevice = identity.personOf(await logIn(owner.email), owner.email);
    await disown().expect(200);
    for (const session of [thief, byCode, byDevice]) expect(await isActive(session)).toBe(false);
    expect(await isActive(owner)).toBe(true);
    expect(await table('trusted_devices').where({ user_id: owner.userId })).toEqual([]);
    expect((await event(owner)).undone).toEqual(['authenticator', 'backup_codes', 'trusted_device']);
  });

  it('and what it made are undone, too, where the thief had signed out before', async () => {
    const { owner, thief, disown } = await robbed();
    const oauth = oauthFixture(identity);
    const application = await oauth.application();
    await oauth.granted(application, thief);
    await enrolTotp(identity, thief);
    await thief.caller.post('/api/v1/auth/logout').expect(204);
    await disown().expect(200);
    expect(await table('totp_devices').where({ user_id: owner.userId })).toEqual([]);
    expect(await table('oauth_consents').where({ user_id: owner.userId })).toEqual([]);
    expect((await event(owner)).undone).toContain('application');
  });
});
