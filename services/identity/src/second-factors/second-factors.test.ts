import { memberRemoved } from '@rivergate/events';
import { eventually, expectError, fellowService, publishEvent } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enrolEmail, enrolTotp, mailedCode } from '../testing/authenticator.ts';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';
import { joinOrganization } from '../testing/join-organization.ts';

let identity: IdentityUnderTest;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
});
afterAll(() => identity.stop());

const setup = ({ caller }: Person) => caller.post('/api/v1/mfa/email-otp/setup');
const verify = ({ caller }: Person, code: string) => caller.post('/api/v1/mfa/email-otp/verify', { code });
const deactivate = ({ caller }: Person, body: object = {}) =>
  caller.post('/api/v1/auth/mfa/deactivate', body);
const status = async ({ caller }: Person) => (await caller.get('/api/v1/mfa/status').expect(200)).body.data;
const security = async ({ caller }: Person) =>
  (await caller.get('/api/v1/auth/me').expect(200)).body.data.security;
const actions = async ({ userId }: Person) => (await identity.audited(userId)).map(({ action }) => action);
const another = (code: string) => String((Number(code) + 1) % 1_000_000).padStart(6, '0');

describe('codes by mail', () => {
  it('are turned on by a code that was mailed, with backup codes; the method is off until then', async () => {
    const person = await identity.person();
    const { data, message } = (await setup(person).expect(200)).body;
    expect(data).toEqual({ otp_sent: true, message });
    expect((await status(person)).mfa_enabled).toBe(false);
    const answer = await verify(person, await mailedCode(identity, person.email)).expect(200);
    expect(answer.body.data).toEqual({
      success: true,
      backup_codes: expect.any(Array),
      message: answer.body.message,
    });
    expect(new Set(answer.body.data.backup_codes).size).toBe(10);
    expect(await status(person)).toMatchObject({ mfa_methods: ['email_otp'], backup_codes_left: 10 });
    expectError(await setup(person), 409, 'EMAIL_OTP_ALREADY_ENABLED');
    expectError(await verify(person, '123456'), 400, 'NO_PENDING_SETUP');
    await eventually(() =>
      identity.mail.to(person.email).some(mail => mail.text.includes('codes by mail were turned on')),
    );
  });

  it('need the last code that was sent, within ten minutes; three wrong ones lock for a minute', async () => {
    const person = await identity.person();
    await setup(person);
    await setup(person);
    const [first, second] = [
      await mailedCode(identity, person.email),
      await mailedCode(identity, person.email, 2),
    ];
    if (first !== second) expectError(await verify(person, first), 400, 'INVALID_CODE');
    const { knex } = identity.resources;
    const pending = () => knex('pending_email_setups').where({ user_id: person.userId });
    await pending().update({ expires_at: knex.raw("now() - interval '1 second'") });
    expectError(await verify(person, second), 400, 'INVALID_CODE');
    await pending().update({ expires_at: knex.raw("now() + interval '5 minutes'") });
    expectError(await verify(person, another(second)), 400, 'INVALID_CODE');
    const locked = await verify(person, second);
    expectError(locked, 429, 'TOO_MANY_ATTEMPTS');
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(50);
    await knex('setup_tries')
      .where({ user_id: person.userId })
      .update({ locked_until: knex.raw("now() - interval '1 second'") });
    await verify(person, second).expect(200);
  });

  it('need a verified address, and prove the one that they were sent to', async () => {
    const person = await identity.person();
    const { knex } = identity.resources;
    const address = () => knex('email_addresses').where({ user_id: person.userId });
    await address().update({ verified_at: null });
    expectError(await setup(person), 400, 'SETUP_FAILED');
    await address().update({ verified_at: new Date() });
    await setup(person);
    const code = await mailedCode(identity, person.email);
    await address().update({ email: identity.newAddress() });
    expectError(await verify(person, code), 400, 'INVALID_CODE');
  });

  it('are kept as a keyed hash only; a body is refused', async () => {
    const person = await identity.person();
    await setup(person).expect(200);
    const code = await mailedCode(identity, person.email);
    const { knex } = identity.resources;
    const rows = JSON.stringify([
      await knex('pending_email_setups').where({ user_id: person.userId }),
      await identity.audited(person.userId),
    ]);
    expect(rows).not.toContain(`"${code}"`);
    expect(rows).toMatch(/"code_hash":"[0-9a-f]{64}"/);
    const withField = await person.caller.post('/api/v1/mfa/email-otp/setup', { email: 'x@example.com' });
    expectError(withField, 422, 'VALIDATION_ERROR');
  });
});

describe('backup codes', () => {
  const path = '/api/v1/mfa/backup-codes';

  it('belong to an account with a second factor', async () => {
    const person = await identity.person();
    expectError(await person.caller.post(path), 409, 'MFA_NOT_ENABLED');
    expect((await person.caller.get(path)).body.data).toEqual({ codes_left: 0, created_at: null });
  });
  it('are made anew in place of the set before, are told to the owner, and never shown again', async () => {
    const person = await identity.person();
    const { backupCodes: before } = await enrolTotp(identity, person);
    const { data } = (await person.caller.post(path).expect(201)).body;
    expect(data.backup_codes).toHaveLength(10);
    expect(data.backup_codes.filter((code: string) => before.includes(code))).toEqual([]);
    const { body, text } = await person.caller.get(path);
    expect(body.data).toEqual({ codes_left: 10, created_at: expect.stringMatching(/Z$/) });
    for (const code of data.backup_codes) expect(text).not.toContain(code);
    expect(await actions(person)).toContain('mfa.backup_codes_replaced');
    await eventually(() =>
      identity.mail.to(person.email).some(mail => mail.text.includes('new backup codes were made')),
    );
  });
  it('are those of the last setup', async () => {
    const person = await identity.person();
    await enrolTotp(identity, person);
    await enrolEmail(identity, person);
    const rows = await identity.resources.knex('backup_codes').where({ user_id: person.userId });
    expect(rows).toHaveLength(10);
    expect((await status(person)).backup_codes_left).toBe(10);
  });
});

describe('turning second factors off', () => {
  it('one, or all that are on; with the last one go the backup codes', async () => {
    const person = await identity.person();
    expectError(await deactivate(person), 404, 'MFA_METHOD_NOT_FOUND');
    await enrolTotp(identity, person, 'Phone');
    await enrolTotp(identity, person, 'Tablet');
    await enrolEmail(identity, person);
    expect(await security(person)).toMatchObject({ mfa_enabled: true, mfa_methods: ['totp', 'email_otp'] });
    const one = await deactivate(person, { method: 'totp' }).expect(200);
    expect(one.body.data).toEqual({ deactivated_methods: ['totp'], message: one.body.message });
    expectError(await deactivate(person, { method: 'totp' }), 404, 'MFA_METHOD_NOT_FOUND');
    expect(await status(person)).toMatchObject({
      mfa_methods: ['email_otp'],
      devices: [],
      backup_codes_left: 10,
    });
    const rest = await deactivate(person, { method: null }).expect(200);
    expect(rest.body.data.deactivated_methods).toEqual(['email_otp']);
    expect(await status(person)).toMatchObject({ mfa_enabled: false, backup_codes_left: 0 });
    expect(await security(person)).toMatchObject({ mfa_enabled: false, mfa_methods: [] });
    await eventually(() =>
      identity.mail
        .to(person.email)
        .some(({ text }) => text.includes('codes of authenticators were turned off')),
    );
    expect((await actions(person)).filter(action => action === 'mfa.disabled')).toHaveLength(2);
    expect((await identity.login(person.email)).body.data.access_token).toBeDefined();
  });
  it('401 for a user who is gone or suspended, 422 for a method that is none', async () => {
    const person = await identity.person();
    expectError(await deactivate(person, { method: 'sms' }), 422, 'VALIDATION_ERROR');
    await identity.resources.knex('users').where({ id: person.userId }).update({ disabled_at: new Date() });
    expectError(await deactivate(person), 401, 'USER_NOT_FOUND');
  });
});

describe('where an organization requires a second factor', () => {
  const requiredOf = (person: Person, deadline: string | null) =>
    joinOrganization(identity, person, { mfa: { required: true, deadline } });
  const DEADLINE = '2027-01-02T03:04:05.000Z';

  it('the status says from when, and the last method stays on while the user is a member', async () => {
    const person = await identity.person();
    expect(await status(person)).toMatchObject({ required: false, required_from: null });
    await enrolTotp(identity, person);
    const organization_id = await requiredOf(person, DEADLINE);
    expect((await status(person)).required_from).toBe(DEADLINE);

    const [{ id }] = (await status(person)).devices;
    const remove = () => person.caller.delete(`/api/v1/mfa/totp/devices/${id}`);
    expectError(await remove(), 409, 'MFA_REQUIRED_BY_ORGANIZATION');
    expectError(await deactivate(person), 409, 'MFA_REQUIRED_BY_ORGANIZATION');
    await enrolEmail(identity, person);
    const both = await Promise.all([
      deactivate(person, { method: 'totp' }),
      deactivate(person, { method: 'email_otp' }),
    ]);
    expect(both.map(answer => answer.status).sort()).toEqual([200, 409]);
    expect((await status(person)).mfa_methods).toHaveLength(1);

    await publishEvent(identity, 'organization', memberRemoved, {
      subject: person.userId,
      data: { organization_id, user_id: person.userId },
    });
    await eventually(async () => !(await status(person)).required);
    await deactivate(person).expect(200);
  });
  it('without a date it holds from the moment it was said', async () => {
    const person = await identity.person();
    await requiredOf(person, null);
    expect(Date.parse((await status(person)).required_from)).toBeLessThanOrEqual(Date.now());
  });

  describe('from the date on', () => {
    const mustEnrol = async (sessionId: number) =>
      (await identity.as(fellowService('gateway')).get(`/internal/sessions/${sessionId}`)).body.data
        .must_enrol;
    const sessionRow = ({ sessionId }: Person) =>
      identity.resources.knex('sessions').where({ id: sessionId });

    it('a session by password has to set one up first, by which its other sessions are free, too', async () => {
      const person = await identity.person();
      const other = identity.personOf(await identity.login(person.email), person.email);
      expect(await mustEnrol(person.sessionId)).toBe(false);
      await requiredOf(person, '2026-01-01T00:00:00.000Z');
      for (const { sessionId } of [person, other]) expect(await mustEnrol(sessionId)).toBe(true);
      await enrolEmail(identity, person);
      for (const { sessionId } of [person, other]) expect(await mustEnrol(sessionId)).toBe(false);
      const changed = (await identity.audited(person.userId)).filter(
        ({ action }) => action === 'auth.session.changed',
      );
      expect(changed.map(({ metadata }) => metadata.session_id).sort()).toEqual(
        [person.sessionId, other.sessionId].sort(),
      );
    });
    it('and not before it, nor a session by a passkey, nor once the user has left', async () => {
      const early = await identity.person();
      await requiredOf(early, DEADLINE);
      expect(await mustEnrol(early.sessionId)).toBe(false);
      const person = await identity.person();
      const organization_id = await requiredOf(person, null);
      expect(await mustEnrol(person.sessionId)).toBe(true);
      await sessionRow(person).update({ authentication_methods: ['hwk', 'user'] });
      expect(await mustEnrol(person.sessionId)).toBe(false);
      await sessionRow(person).update({ authentication_methods: ['pwd'] });
      await identity.resources
        .knex('memberships')
        .where({ user_id: person.userId, organization_id })
        .update({ status: 'suspended' });
      expect(await mustEnrol(person.sessionId)).toBe(false);
    });
    it('it reaches the own account, the way out and everything of second factors, and nothing else', async () => {
      const person = await identity.person();
      const caller = identity.as({ ...person.principal, mustEnrol: true });
      for (const path of ['/auth/me', '/mfa/status', '/mfa/totp/devices', '/mfa/backup-codes'])
        await caller.get(`/api/v1${path}`).expect(200);
      for (const path of ['/sessions', '/auth/login-history', '/devices', '/auth/tokens'])
        expectError(await caller.get(`/api/v1${path}`), 403, 'MFA_ENROLMENT_REQUIRED');
      const token = { name: 'Way around', scopes: ['read'] };
      expectError(await caller.post('/api/v1/auth/tokens', token), 403, 'MFA_ENROLMENT_REQUIRED');
      expectError(await caller.post('/api/v1/auth/mfa/deactivate'), 403, 'MFA_ENROLMENT_REQUIRED');
      await enrolTotp(identity, { ...person, caller });
      await caller.post('/api/v1/auth/logout').expect(204);
    });
  });
});
