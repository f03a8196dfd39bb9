import { startService } from '@rivergate/service';
import { byToken, credentialCaller, eventually, expectError, signedIn } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { identity as definition } from '../service.ts';
import { type Authenticator, codeOfSecret, enrolEmail, enrolTotp } from '../testing/authenticator.ts';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';
import { dropExpiredSetups } from './pending-setup-store.ts';

let identity: IdentityUnderTest;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
});
afterAll(() => identity.stop());

const setup = ({ caller }: Person, more: object = {}) =>
  caller.post('/api/v1/mfa/totp/setup', { device_name: 'Phone', ...more });
const verify = ({ caller }: Person, code: string, more: object = {}) =>
  caller.post('/api/v1/mfa/totp/verify', { code, ...more });
const secretOf = async (person: Person) => (await setup(person).expect(200)).body.data.secret;
const devices = async ({ caller }: Person) => (await caller.get('/api/v1/mfa/totp/devices')).body.data;
const actions = async ({ userId }: Person) => (await identity.audited(userId)).map(({ action }) => action);
const wrong = (secret: string) => {
  const right = new Set([-2, -1, 0, 1, 2].map(ahead => codeOfSecret(secret, ahead)));
  return ['000000', '111111', '222222', '333333', '444444', '555555'].find(code => !right.has(code))!;
};

describe('TOTP enrolment', () => {
  it('shows secret, picture and backup codes, and turns nothing on', async () => {
    const person = await identity.person();
    const { data } = (await setup(person).expect(200)).body;
    expect(data).toEqual({
      secret: expect.stringMatching(/^[A-Z2-7]{32}$/),
      qr_code: expect.stringMatching(/^data:image\/png;base64,/),
      manual_entry_key: data.secret,
      device_name: 'Phone',
      backup_codes: expect.any(Array),
    });
    expect(new Set(data.backup_codes).size).toBe(10);
    for (const code of data.backup_codes) expect(code).toMatch(/^[A-Z0-9]{8}$/);
    expect(await devices(person)).toEqual({ devices: [], total_count: 0 });
    expect((await identity.login(person.email)).body.data.access_token).toBeDefined();
  });

  it('is confirmed by a code: the device is the primary one, and the same backup codes are shown again', async () => {
    const person = await identity.person();
    const { secret, backup_codes } = (await setup(person)).body.data;
    const { data, message } = (
      await verify(person, codeOfSecret(secret), { device_name: 'Phone' }).expect(200)
    ).body;
    expect(data).toEqual({ success: true, backup_codes: expect.any(Array), message });
    expect(data.backup_codes.map((code: string) => code.replace('-', ''))).toEqual(backup_codes);
    for (const code of data.backup_codes) expect(code).toMatch(/^[A-Z0-9]{4}-[A-Z0-9]{4}$/);
    const listed = await devices(person);
    expect(listed).toEqual({
      devices: [
        {
          id: expect.any(Number),
          device_name: 'Phone',
          type: 'totp',
          created_at: expect.stringMatching(/Z$/),
          last_used_at: null,
          is_primary: true,
          verified: true,
        },
      ],
      total_count: 1,
    });
    expect(
      (await identity.audited(person.userId)).find(({ action }) => action === 'mfa.enabled'),
    ).toMatchObject({ metadata: { method: 'totp', device_id: listed.devices[0].id, device_name: 'Phone' } });
    const { subject, text } = await identity.mail.nth(person.email, 2);
    expect(subject).toBe('Your second factors were changed');
    expect(text).toContain('"Phone" was added');
  });

  it('refuses a second device, unless it is said to be an additional one, and a sixth', async () => {
    const person = await identity.person();
    await enrolTotp(identity, person, 'Device 1');
    expectError(await setup(person), 409, 'TOTP_ALREADY_ENABLED');
    for (const nth of [2, 3, 4, 5]) await enrolTotp(identity, person, `Device ${nth}`);
    expectError(await setup(person, { additional: true }), 409, 'TOTP_ALREADY_ENABLED');
    expect(
      (await devices(person)).devices.map((device: { device_name: string }) => device.device_name),
    ).toEqual(['Device 1', 'Device 5', 'Device 4', 'Device 3', 'Device 2']);
  });

  it('is replaced by a new setup, bound to its device name, spent by success, and over after ten minutes', async () => {
    const person = await identity.person();
    expectError(await verify(person, '123456'), 400, 'NO_PENDING_SETUP');
    const first = await secretOf(person);
    const second = await secretOf(person);
    expectError(await verify(person, codeOfSecret(first)), 400, 'INVALID_CODE');
    const another = { device_name: 'Tablet' };
    expectError(await verify(person, codeOfSecret(second), another), 400, 'NO_PENDING_SETUP');
    const { knex } = identity.resources;
    const pending = () => knex('pending_totp_setups').where({ user_id: person.userId });
    await pending().update({ expires_at: knex.raw("now() - interval '1 second'") });
    expectError(await verify(person, codeOfSecret(second)), 400, 'NO_PENDING_SETUP');
    await pending().update({ expires_at: knex.raw("now() + interval '10 minutes'") });
    await verify(person, codeOfSecret(second)).expect(200);
    expectError(await verify(person, codeOfSecret(second, 1)), 400, 'NO_PENDING_SETUP');
  });

  it('ten confirmations at once make one device', async () => {
    const person = await identity.person();
    const code = codeOfSecret(await secretOf(person));
    const answers = await Promise.all(Array.from({ length: 10 }, () => verify(person, code)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect((await devices(person)).total_count).toBe(1);
  });

  it('locks for a minute after three wrong codes, whatever setup they are for, and then begins anew', async () => {
    const person = await identity.person();
    const secret = await secretOf(person);
    for (let nth = 0; nth < 3; nth++) expectError(await verify(person, wrong(secret)), 400, 'INVALID_CODE');
    const locked = await verify(person, codeOfSecret(secret));
    expectError(locked, 429, 'TOO_MANY_ATTEMPTS');
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(50);
    const again = await secretOf(person);
    expectError(await verify(person, codeOfSecret(again)), 429, 'TOO_MANY_ATTEMPTS');
    expect((await actions(person)).filter(action => action === 'mfa.setup_failure')).toHaveLength(3);

    const { knex } = identity.resources;
    const tries = () => knex('setup_tries').where({ user_id: person.userId });
    await tries().update({ locked_until: knex.raw("now() - interval '1 second'") });
    for (let nth = 0; nth < 2; nth++) expectError(await verify(person, wrong(again)), 400, 'INVALID_CODE');
    await verify(person, codeOfSecret(again)).expect(200);
    expect(await tries()).toEqual([]);
  });

  it('is locked for every process, also for one that starts later', async () => {
    const person = await identity.person();
    const secret = await secretOf(person);
    for (let nth = 0; nth < 3; nth++) await verify(person, wrong(secret)).expect(400);
    const { environment } = identity;
    const another = await startService(definition, {
      ORGANIZATION_URL: identity.url,
      ...environment.of('identity'),
    });
    const user = signedIn({ userId: person.userId });
    const caller = credentialCaller(environment.of('gateway'), another.url, 'identity', user);
    try {
      expectError(await verify({ ...person, caller }, codeOfSecret(secret)), 429, 'TOO_MANY_ATTEMPTS');
    } finally {
      await another.stop();
    }
  });

  it('counts wrong codes exactly when ten come at once', async () => {
    const person = await identity.person();
    const code = wrong(await secretOf(person));
    const answers = await Promise.all(Array.from({ length: 10 }, () => verify(person, code)));
    expect(answers.map(({ status }) => status).sort()).toEqual([400, 400, 400, ...Array(7).fill(429)]);
  });

  it('keeps neither secret nor backup codes in clear', async () => {
    const person = await identity.person();
    const { secret, backup_codes } = (await setup(person)).body.data;
    const { knex } = identity.resources;
    const tables = [
      'totp_devices',
      'backup_codes',
      'pending_totp_setups',
      'outbox',
      'outgoing_mail',
      'idempotency_keys',
      'setup_tries',
    ];
    const dump = async () =>
      JSON.stringify([
        await Promise.all(tables.map(table => knex(table))),
        await identity.audited(person.userId),
      ]);
    const whilePending = await dump();
    await verify(person, codeOfSecret(secret)).expect(200);
    for (const text of [whilePending, await dump()])
      for (const plain of [
        secret,
        ...backup_codes,
        ...backup_codes.map((code: string) => `${code.slice(0, 4)}-${code.slice(4)}`),
      ])
        expect(text).not.toContain(plain);
  });

  it('takes the session of a login, and acts on its caller alone', async () => {
    const { userId } = await identity.person();
    const token = identity.as(byToken(signedIn({ userId }), { scope: ['read', 'write', 'admin'] }));
    for (const path of ['totp/setup', 'totp/verify', 'email-otp/setup', 'email-otp/verify', 'backup-codes'])
      expectError(await token.post(`/api/v1/mfa/${path}`, {}), 403, 'FORBIDDEN');
    expectError(await token.post('/api/v1/auth/mfa/deactivate', {}), 403, 'FORBIDDEN');
    await token.get('/api/v1/mfa/status').expect(200);
    expectError(await identity.anonymous().get('/api/v1/mfa/status'), 401, 'UNAUTHORIZED');
    expectError(await identity.anonymous().post('/api/v1/mfa/totp/setup', {}), 401, 'UNAUTHORIZED');
    await identity.resources.knex('users').where({ id: userId }).update({ disabled_at: new Date() });
    expectError(
      await identity.as(signedIn({ userId })).post('/api/v1/mfa/backup-codes'),
      401,
      'USER_NOT_FOUND',
    );
  });

  it.each([
    ['no name', {}],
    ['a name that is too long', { device_name: 'x'.repeat(101) }],
    ['a name with control characters', { device_name: 'a\nb' }],
    ['additional as text', { device_name: 'x', additional: 'yes' }],
    ['a secret of the caller', { device_name: 'x', secret: 'JBSWY3DPEHPK3PXP' }],
  ])('422 for %s', async (_, body) => {
    const { caller } = await identity.person();
    expectError(await caller.post('/api/v1/mfa/totp/setup', body), 422, 'VALIDATION_ERROR');
  });
  it.each(['12345', '1234567', '12345a', '١٢٣٤٥٦', 123456, null])('422 for the code %j', async code => {
    const { caller } = await identity.person();
    for (const path of ['totp', 'email-otp'])
      expectError(await caller.post(`/api/v1/mfa/${path}/verify`, { code }), 422, 'VALIDATION_ERROR');
  });
});

describe('TOTP devices', () => {
  let person: Person;
  let phone: Authenticator;
  const path = (id: number | string) => `/api/v1/mfa/totp/devices/${id}`;
  const byName = async (name: string) =>
    (await devices(person)).devices.find((device: { device_name: string }) => device.device_name === name);
  beforeAll(async () => {
    person = await identity.person();
    phone = await enrolTotp(identity, person, 'Phone');
    await enrolTotp(identity, person, 'Tablet');
    await enrolTotp(identity, person, 'Laptop');
  });

  it('are renamed and made the primary one, of which there is one', async () => {
    const { id } = await byName('Tablet');
    const { body } = await person.caller.patch(path(id), { device_name: 'Old tablet' }).expect(200);
    expect(body.data).toMatchObject({ id, device_name: 'Old tablet', is_primary: false });
    await person.caller.patch(path(id), { is_primary: true }).expect(200);
    const { devices: all } = await devices(person);
    expect(all.map((device: { is_primary: boolean }) => device.is_primary)).toEqual([true, false, false]);
    expect(all[0].id).toBe(id);
    expect(await actions(person)).toContain('mfa.device_changed');
  });
  it.each([{}, { is_primary: false }, { device_name: '' }, { secret: 'x' }])(
    '422 for the change %j',
    async body => {
      const { id } = await byName('Laptop');
      expectError(await person.caller.patch(path(id), body), 422, 'VALIDATION_ERROR');
    },
  );
  it('of another user answer as if missing, and stay', async () => {
    const stranger = await identity.person();
    const { id } = await byName('Phone');
    expectError(await stranger.caller.patch(path(id), { device_name: 'Mine' }), 404, 'DEVICE_NOT_FOUND');
    expectError(await stranger.caller.delete(path(id)), 404, 'DEVICE_NOT_FOUND');
    expectError(await stranger.caller.delete(path(99_999_999)), 404, 'DEVICE_NOT_FOUND');
    expectError(await stranger.caller.delete(path('x')), 422, 'VALIDATION_ERROR');
    expect(await byName('Phone')).toBeDefined();
  });
  it('are removed: the newest left becomes the primary one, the last one ends MFA and the backup codes', async () => {
    const primary = (await devices(person)).devices[0];
    const { data } = (await person.caller.delete(path(primary.id)).expect(200)).body;
    expect(data).toEqual({ success: true, message: expect.any(String) });
    expect((await byName('Laptop')).is_primary).toBe(true);
    for (const name of ['Laptop', 'Phone'])
      await person.caller.delete(path((await byName(name)).id)).expect(200);
    const status = (await person.caller.get('/api/v1/mfa/status')).body.data;
    expect(status).toMatchObject({ mfa_enabled: false, mfa_methods: [], devices: [], backup_codes_left: 0 });
    expect(await actions(person)).toEqual(expect.arrayContaining(['mfa.device_removed', 'mfa.disabled']));
    await eventually(() =>
      identity.mail.to(person.email).some(({ text }) => text.includes('"Old tablet" was removed')),
    );
    expect(phone.secret).not.toBe('');
    expect(await identity.resources.knex('totp_devices').where({ user_id: person.userId })).toEqual([]);
  });
  it('with codes by mail still on, the last one leaves MFA and backup codes', async () => {
    const other = await identity.person();
    await enrolTotp(identity, other);
    await enrolEmail(identity, other);
    const [{ id }] = (await devices(other)).devices;
    await other.caller.delete(path(id)).expect(200);
    expect((await other.caller.get('/api/v1/mfa/status')).body.data).toMatchObject({
      mfa_methods: ['email_otp'],
      backup_codes_left: 10,
    });
  });
});

it('setups that nobody confirmed are forgotten', async () => {
  const person = await identity.person();
  await secretOf(person);
  const { knex } = identity.resources;
  const pending = () => knex('pending_totp_setups').where({ user_id: person.userId });
  await dropExpiredSetups(knex);
  expect(await pending()).toHaveLength(1);
  await pending().update({ expires_at: knex.raw("now() - interval '2 hours'") });
  await dropExpiredSetups(knex);
  expect(await pending()).toHaveLength(0);
});
