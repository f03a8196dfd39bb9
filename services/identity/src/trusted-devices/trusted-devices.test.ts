import { byToken, eventually, expectError, fellowService, signedIn } from '@rivergate/testing';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Authenticator, enrolTotp } from '../testing/authenticator.ts';
import {
  type IdentityUnderTest,
  PASSWORD,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';
import { changeSettings, joinOrganization } from '../testing/join-organization.ts';
import { deviceName } from './device-name.ts';
import { dropOldDevices } from './device-store.ts';

const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36';
const DEVICE = { 'user-agent': CHROME, 'x-device-fingerprint': '{"screen":"1920x1080"}' };

let identity: IdentityUnderTest;
let person: Person;
let phone: Authenticator;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
});
afterAll(() => identity.stop());
beforeEach(async () => {
  person = await identity.person();
  phone = await enrolTotp(identity, person);
});

const login = (headers: Record<string, string> = DEVICE, ip?: string) =>
  identity.anonymous(ip).post('/api/v1/auth/login', { email: person.email, password: PASSWORD }, { headers });
const needsSecondFactor = async (...device: Parameters<typeof login>) =>
  (await login(...device).expect(200)).body.data.mfa_required === true;
/** A login with the second factor. */
async function verified(headers: Record<string, string> = DEVICE, ip?: string) {
  const post = (path: string, body: object) =>
    identity.anonymous(ip).post(`/api/v1/auth/mfa/${path}`, body, { headers });
  const { temporary_token } = (await login(headers, ip)).body.data;
  const chosen = await post('otp/generate', { temporary_token, method: 'totp' }).expect(200);
  const answer = await post('verify', {
    temporary_token: chosen.body.data.temporary_token,
    code: await phone.freshCode(),
  }).expect(200);
  return { ...identity.personOf(answer, person.email), offered: answer.body.data.trusted_device };
}
type Verified = Awaited<ReturnType<typeof verified>>;
const activate = ({ caller, offered }: Verified) =>
  caller.post('/api/v1/devices/activate', { activation_token: offered.activation_token });
const skip = ({ caller, offered }: Verified) =>
  caller.post('/api/v1/devices/skip', { activation_token: offered.activation_token });
async function trusted(...device: Parameters<typeof login>): Promise<Verified> {
  const from = await verified(...device);
  await activate(from).expect(200);
  return from;
}
const listed = async ({ caller }: Person = person) =>
  (await caller.get('/api/v1/devices').expect(200)).body.data;
const actions = async () => (await identity.audited(person.userId)).map(({ action }) => action);
const rows = () => identity.resources.knex('trusted_devices').where({ user_id: person.userId });

describe('a device', () => {
  it('is offered by the login, inactive, and trusted when its user says so: it then needs the password only', async () => {
    const from = await verified();
    expect(from.offered).toMatchObject({ device_name: 'Chrome on Windows', is_active: false });
    expect(await listed()).toEqual({ devices: [], total_count: 0 });
    expect(await needsSecondFactor()).toBe(true);

    const { data } = (await activate(from).expect(200)).body;
    expect(data).toEqual({
      id: from.offered.id,
      device_name: 'Chrome on Windows',
      device_fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
      user_agent: CHROME,
      ip_address: '192.0.2.7',
      is_active: true,
      created_at: expect.stringMatching(/Z$/),
      last_used_at: expect.stringMatching(/Z$/),
      trusted_until: expect.stringMatching(/Z$/),
    });
    expect(Date.parse(data.trusted_until) - Date.parse(data.last_used_at)).toBe(30 * 86_400_000);
    expect(await listed()).toEqual({ devices: [data], total_count: 1 });
    expect((await person.caller.get('/api/v1/devices/')).body.data).toEqual(await listed());

    const { body } = await login().expect(200);
    expect(decodeJwt(body.data.access_token).amr).toEqual(['pwd']);
    const [used] = (await listed()).devices;
    expect(Date.parse(used.last_used_at)).toBeGreaterThan(Date.parse(data.last_used_at));
    expect((await login({ ...DEVICE, 'user-agent': CHROME })).body.data.mfa_required).toBeUndefined();
    expect(await actions()).toContain('device.trusted');
  });

  it('is told to the gateway of the sessions on it, and of no others, for as long as it is trusted', async () => {
    const told = async ({ sessionId }: Person) =>
      (await identity.as(fellowService('gateway')).get(`/internal/sessions/${sessionId}`).expect(200)).body
        .data.device_trusted;
    const first = await verified();
    expect(await told(first)).toBe(false);
    await activate(first).expect(200);
    const second = identity.personOf(await login().expect(200), person.email);
    expect([await told(first), await told(second), await told(person)]).toEqual([true, true, false]);
    const other = await verified({ ...DEVICE, 'user-agent': `${CHROME} Edg/149.0.0.0` });
    expect(await told(other)).toBe(false);
    const [{ id }] = await rows().whereNotNull('activated_at');
    const known = [first, second].map(({ sessionId }) => `access:{session:${sessionId}}`);
    for (const key of known) await identity.resources.redis.set(key, 'active:1:false:false:true');
    await person.caller.delete(`/api/v1/devices/${id}`).expect(200);
    for (const key of known) expect(await identity.resources.redis.get(key)).toMatch(/^changed /);
    expect([await told(first), await told(second)]).toEqual([false, false]);
  });

  it('never replaces the password', async () => {
    await trusted();
    const wrong = { email: person.email, password: 'Wrong1password' };
    const refused = await identity.anonymous().post('/api/v1/auth/login', wrong, { headers: DEVICE });
    expectError(refused, 401, 'INVALID_CREDENTIALS');
  });

  it.each([
    ['another network address', DEVICE, '192.0.2.8'],
    ['another browser', { ...DEVICE, 'user-agent': `${CHROME} Edg/149.0.0.0` }, undefined],
    ['other data of its own', { ...DEVICE, 'x-device-fingerprint': '{"screen":"1x1"}' }, undefined],
    ['no data of its own', { 'user-agent': CHROME }, undefined],
    ['malformed data', { ...DEVICE, 'x-device-fingerprint': '{"screen":"1920x1080"' }, undefined],
  ])('is not recognised with %s', async (_, headers, ip) => {
    await trusted();
    expect(await needsSecondFactor(headers, ip)).toBe(true);
    expect(await needsSecondFactor()).toBe(false);
  });

  it.each([
    ['malformed', '{'],
    ['too long', `"${'x'.repeat(5_000)}"`],
  ])('of which the data are %s counts as one without', async (_, fingerprint) => {
    await trusted({ 'user-agent': CHROME });
    expect(await needsSecondFactor({ 'user-agent': CHROME, 'x-device-fingerprint': fingerprint })).toBe(
      false,
    );
  });

  it('of one user is none of another, from the same browser', async () => {
    await trusted();
    const other = await identity.person();
    await enrolTotp(identity, other);
    person = other;
    expect(await needsSecondFactor()).toBe(true);
  });

  it('that is trusted again replaces its earlier record', async () => {
    await trusted();
    const { knex } = identity.resources;
    await rows().update({ activated_at: knex.raw("now() - interval '31 days'") });
    expect(await needsSecondFactor()).toBe(true);
    expect((await listed()).total_count).toBe(0);
    const again = await trusted();
    expect((await listed()).devices.map(({ id }: { id: number }) => id)).toEqual([again.offered.id]);
    expect(await rows()).toHaveLength(1);
  });

  it('is listed before those that were used less recently', async () => {
    const first = await trusted();
    const second = await trusted(DEVICE, '192.0.2.9');
    const ids = async () => (await listed()).devices.map(({ id }: { id: number }) => id);
    expect(await ids()).toEqual([second.offered.id, first.offered.id]);
    await login();
    expect(await ids()).toEqual([first.offered.id, second.offered.id]);
  });
});

describe('the activation token', () => {
  it('counts once, and ten at once trust one device', async () => {
    const from = await verified();
    const answers = await Promise.all(Array.from({ length: 10 }, () => activate(from)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expectError(await activate(from), 400, 'INVALID_ACTIVATION_TOKEN');
    expectError(await skip(from), 400, 'INVALID_ACTIVATION_TOKEN');
    expect((await listed()).total_count).toBe(1);
  });
  it('belongs to the session of its login: no other session and no other user can spend it', async () => {
    const from = await verified();
    const elsewhere = await verified(DEVICE, '192.0.2.9');
    const stranger = await identity.person();
    for (const { caller } of [elsewhere, person, stranger]) {
      expectError(await activate({ ...from, caller }), 400, 'INVALID_ACTIVATION_TOKEN');
      expectError(await skip({ ...from, caller }), 400, 'INVALID_ACTIVATION_TOKEN');
    }
    await activate(from).expect(200);
  });
  it('is over after five minutes, and the device is forgotten', async () => {
    const from = await verified();
    const { knex } = identity.resources;
    await rows().update({ activation_expires_at: knex.raw("now() - interval '1 second'") });
    expectError(await activate(from), 410, 'ACTIVATION_TOKEN_EXPIRED');
    expectError(await skip(from), 410, 'ACTIVATION_TOKEN_EXPIRED');
    const stranger = await identity.person();
    expectError(await activate({ ...from, caller: stranger.caller }), 400, 'INVALID_ACTIVATION_TOKEN');
    await rows().update({ activation_expires_at: knex.raw("now() - interval '2 hours'") });
    await dropOldDevices(knex);
    expect(await rows()).toEqual([]);
  });
  it('is spent by skipping: the device is gone and asks for the second factor again', async () => {
    const from = await verified();
    expect((await skip(from).expect(200)).body.data).toEqual({ success: true });
    expectError(await activate(from), 400, 'INVALID_ACTIVATION_TOKEN');
    expect(await rows()).toEqual([]);
    expect(await needsSecondFactor()).toBe(true);
    expect(await actions()).toContain('device.skipped');
  });
  it('is kept as a hash only', async () => {
    const { offered } = await verified();
    const { knex } = identity.resources;
    const text = JSON.stringify([await rows(), await knex('outbox'), await identity.audited(person.userId)]);
    expect(text).not.toContain(offered.activation_token);
    expect(Date.parse(offered.expires_at) - (await rows())[0].created_at).toBe(300_000);
  });
  it.each([{}, { activation_token: '' }, { activation_token: 'x'.repeat(513) }, { activation_token: 1 }])(
    '422 for %j',
    async body => {
      for (const path of ['activate', 'skip'])
        expectError(await person.caller.post(`/api/v1/devices/${path}`, body), 422, 'VALIDATION_ERROR');
    },
  );
  it('takes the session of a login, as revoking does', async () => {
    const token = identity.as(
      byToken(signedIn({ userId: person.userId }), { scope: ['read', 'write', 'admin'] }),
    );
    for (const path of ['activate', 'skip'])
      expectError(await token.post(`/api/v1/devices/${path}`, { activation_token: 'x' }), 403, 'FORBIDDEN');
    expectError(await token.delete('/api/v1/devices/1'), 403, 'FORBIDDEN');
    await token.get('/api/v1/devices').expect(200);
    expectError(await identity.anonymous().get('/api/v1/devices'), 401, 'UNAUTHORIZED');
  });
});

describe('trust ends', () => {
  it('by revocation, while sessions go on; another user and an untrusted device get 404', async () => {
    const from = await trusted();
    const path = `/api/v1/devices/${from.offered.id}`;
    const stranger = await identity.person();
    expectError(await stranger.caller.delete(path), 404, 'DEVICE_NOT_FOUND');
    expectError(await person.caller.delete('/api/v1/devices/x'), 422, 'VALIDATION_ERROR');
    expect((await person.caller.delete(path).expect(200)).body.data).toEqual({ success: true });
    expectError(await person.caller.delete(path), 404, 'DEVICE_NOT_FOUND');
    expect(await needsSecondFactor()).toBe(true);
    expect((await from.caller.get('/api/v1/sessions').expect(200)).body.data.active_count).toBe(2);
    expect(await actions()).toContain('device.revoked');
    const inactive = await verified();
    expectError(
      await person.caller.delete(`/api/v1/devices/${inactive.offered.id}`),
      404,
      'DEVICE_NOT_FOUND',
    );
  });
  it('with MFA, also for a device that was only offered', async () => {
    await trusted();
    const offered = await verified(DEVICE, '192.0.2.9');
    await person.caller.post('/api/v1/auth/mfa/deactivate').expect(200);
    expect(await rows()).toEqual([]);
    expectError(await activate(offered), 400, 'INVALID_ACTIVATION_TOKEN');
    phone = await enrolTotp(identity, person);
    expect(await needsSecondFactor()).toBe(true);
  });
  it('of the device from which somebody else signed in, by the link of the mail that told of it', async () => {
    await trusted();
    await trusted(DEVICE, '198.51.100.9');
    expect((await listed()).total_count).toBe(2);
    const link = () =>
      identity.mail
        .to(person.email)
        .filter(({ text }) => text.includes('198.51.100.9'))
        .flatMap(({ text }) => /not-me\?token=([\w-]+)/.exec(text)?.[1] ?? [])[0];
    const token = await eventually(link);
    await identity.anonymous().post('/api/v1/auth/not-me', { token }).expect(200);
    expect((await listed()).devices.map((device: { ip_address: string }) => device.ip_address)).toEqual([
      '192.0.2.7',
    ]);
    expect(await needsSecondFactor(DEVICE, '198.51.100.9')).toBe(true);
  });
  it('when the password is changed', async () => {
    await trusted();
    const change = { current_password: PASSWORD, new_password: 'Brand2new!' };
    await person.caller.post('/api/v1/auth/change-password', change).expect(200);
    expect(await rows()).toEqual([]);
    const revoked = (await identity.audited(person.userId)).find(({ action }) => action === 'device.revoked');
    expect(revoked!.metadata.reason).toBe('password_changed');
  });
  it('when the password is reset; MFA stays on', async () => {
    await trusted();
    await identity.anonymous().post('/api/v1/auth/forgot-password', { email: person.email });
    const link = () =>
      identity.mail
        .to(person.email)
        .flatMap(({ text }) => /reset-password\?token=([\w-]+)/.exec(text)?.[1] ?? [])[0];
    const token = await eventually(link);
    const reset = { token, new_password: PASSWORD };
    await identity.anonymous().post('/api/v1/auth/reset-password', reset).expect(204);
    expect(await rows()).toEqual([]);
    expect(await needsSecondFactor()).toBe(true);
  });
  it('does not end by logging out everywhere', async () => {
    await trusted();
    await person.caller.post('/api/v1/auth/logout-all').expect(204);
    expect(await needsSecondFactor()).toBe(false);
  });
  it('sooner where an organization says so, for devices of earlier too, and is not offered where it is forbidden', async () => {
    await trusted();
    const { knex } = identity.resources;
    await rows().update({ activated_at: knex.raw("now() - interval '6 days'") });
    const organization = await joinOrganization(identity, person, { devices: { trust_days: 7 } });
    const [device] = (await listed()).devices;
    expect(Date.parse(device.trusted_until) - Date.now()).toBeLessThan(86_400_000);
    expect(await needsSecondFactor()).toBe(false);
    await changeSettings(identity, organization, { devices: { trust_days: 5 } }, 2);
    expect(await needsSecondFactor()).toBe(true);
    expect((await listed()).total_count).toBe(0);
    await changeSettings(identity, organization, { devices: { trust_days: 0 } }, 3);
    expect((await verified()).offered).toBeNull();
  });
  it('for good where an organization forbids it, also of devices that are only offered', async () => {
    await trusted();
    const offered = await verified(DEVICE, '192.0.2.9');
    const organization = await joinOrganization(identity, person, { devices: { trust_days: 0 } });
    expect(await rows()).toEqual([]);
    const revoked = (await identity.audited(person.userId)).find(({ action }) => action === 'device.revoked');
    expect(revoked!.metadata.reason).toBe('organization_settings');
    await changeSettings(identity, organization, { devices: { trust_days: 30 } }, 2);
    expectError(await activate(offered), 400, 'INVALID_ACTIVATION_TOKEN');
    expect(await needsSecondFactor()).toBe(true);
  });
  it('after thirty days, when the record is forgotten', async () => {
    await trusted();
    const { knex } = identity.resources;
    await dropOldDevices(knex);
    expect(await rows()).toHaveLength(1);
    await rows().update({ activated_at: knex.raw("now() - interval '31 days'") });
    await dropOldDevices(knex);
    expect(await rows()).toEqual([]);
  });
});

describe('the name of a device', () => {
  it.each([
    [CHROME, 'Chrome on Windows'],
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox on Linux'],
    [null, 'Unknown device'],
    ['nightly-import', 'nightly-import'],
    ['', 'Unknown device'],
  ])('of %j is %s', (userAgent, name) => {
    expect(deviceName(userAgent)).toBe(name);
  });
  it('is short whatever the user agent says', () => {
    for (const userAgent of ['x'.repeat(512), '/'.repeat(512), '(('.repeat(256), `${'a/1 '.repeat(128)}`])
      expect(deviceName(userAgent).length).toBeLessThanOrEqual(100);
  });
});

describe('devices of members', () => {
  const administrator = (organizationId: number, facts = {}) =>
    identity.as(signedIn({ userId: person.userId, isAdmin: true, organizationId, isMember: true, ...facts }));
  const devicesOf = (organizationId: number) => `/api/v1/organizations/${organizationId}/devices`;

  it('are told to an administrator, and revoked: the next login needs the second factor', async () => {
    const organizationId = await joinOrganization(identity, person, {});
    await trusted();
    const path = devicesOf(organizationId);
    const { devices, total_count } = (await administrator(organizationId).get(path).expect(200)).body.data;
    expect(total_count).toBe(1);
    expect(devices).toEqual([
      {
        id: expect.any(Number),
        device_name: 'Chrome on Windows',
        created_at: expect.stringMatching(/Z$/),
        last_used_at: expect.stringMatching(/Z$/),
        trusted_until: expect.stringMatching(/Z$/),
        user: { id: person.userId, email: person.email, display_name: expect.any(String) },
      },
    ]);
    expect(await needsSecondFactor()).toBe(false);
    await administrator(organizationId).delete(`${path}/${devices[0].id}`).expect(200);
    expect(await needsSecondFactor()).toBe(true);
    expect(
      (await identity.audited(person.userId)).findLast(({ action }) => action === 'device.revoked'),
    ).toMatchObject({
      organization_id: organizationId,
      metadata: { reason: 'revoked_by_administrator' },
    });
    expectError(
      await administrator(organizationId).delete(`${path}/${devices[0].id}`),
      404,
      'DEVICE_NOT_FOUND',
    );
  });

  it('are nothing for administrators of other organizations, other members and strangers', async () => {
    const organizationId = await joinOrganization(identity, person, {});
    const elsewhere = await joinOrganization(identity, await identity.person(), {});
    const { id } = (await trusted()).offered;
    expect((await administrator(elsewhere).get(devicesOf(elsewhere))).body.data.devices).toEqual([]);
    expectError(
      await administrator(elsewhere).delete(`${devicesOf(elsewhere)}/${id}`),
      404,
      'DEVICE_NOT_FOUND',
    );
    const path = devicesOf(organizationId);
    for (const [facts, status] of [
      [{ isAdmin: false }, 403],
      [{ isAdmin: false, isMember: false }, 404],
    ] as const) {
      expect((await administrator(organizationId, facts).get(path)).status).toBe(status);
      expect((await administrator(organizationId, facts).delete(`${path}/${id}`)).status).toBe(status);
    }
    expect(await needsSecondFactor()).toBe(false);
  });
});
