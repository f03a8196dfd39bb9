import { eventually, expectError, type TestCaller } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { data, foundOrganization, join, logIn, mailTo, PASSWORD, type Person, signUp } from './person.ts';

let fleet: AcceptanceFleet;
let owner: Person;
let member: Person;
let organization: Awaited<ReturnType<typeof foundOrganization>>;
beforeAll(async () => {
  fleet = await startFleet();
  [owner, member] = [await signUp(fleet, 'owner'), await signUp(fleet, 'member')];
  organization = await foundOrganization(owner);
  await join(owner, member, organization, 'Developer');
});
afterAll(() => fleet?.stop());

/** The code in the newest mail that holds one for this purpose. */
const codeFor = async (purpose: string) => {
  const { text } = await mailTo(fleet, member.email, `enter this code to ${purpose}`);
  return /^\d{6}$/m.exec(text)![0];
};

const authTimeOf = (accessToken: string) =>
  JSON.parse(Buffer.from(accessToken.split('.')[1]!, 'base64url').toString()).auth_time;

describe('a second factor', () => {
  it('is set up before anything else where an organization requires it, and then everything is open', async () => {
    data(await owner.patch(`${organization.path}/settings`, { mfa: { required: true, grace_days: 0 } }));
    const refused = async () => {
      const person = await logIn(fleet, member);
      return (await person.get('/api/v1/sessions')).status === 403 && person;
    };
    const person = await eventually(refused, 'the requirement');
    expectError(await person.get('/api/v1/sessions'), 403, 'MFA_ENROLMENT_REQUIRED');
    expectError(await person.get(`${organization.path}/workspaces`), 403, 'MFA_ENROLMENT_REQUIRED');
    expect(data(await person.get('/api/v1/auth/me')).security.mfa_enabled).toBe(false);
    expect(data(await person.get('/api/v1/mfa/status')).required).toBe(true);

    data(await person.post('/api/v1/mfa/email-otp/setup'));
    const code = await codeFor('get a code by mail with each login');
    data(await person.post('/api/v1/mfa/email-otp/verify', { code }));
    data(await person.get('/api/v1/sessions'));
    data(await person.get(`${organization.path}/workspaces`));
  });

  it('is asked for at login, but not of a device that was trusted', async () => {
    const headers = { 'x-device-fingerprint': '{"screen":"1920x1080"}' };
    // One address for all of it, as a device has.
    const device: TestCaller = fleet.caller();
    const login = async () =>
      data(await device.post('/api/v1/auth/login', { email: member.email, password: PASSWORD }, { headers }));
    const { temporary_token, mfa_required } = await login();
    expect(mfa_required).toBe(true);
    const chosen = data(
      await device.post('/api/v1/auth/mfa/otp/generate', { temporary_token, method: 'email_otp' }),
    );
    const code = await codeFor('sign in');
    const proof = { temporary_token: chosen.temporary_token, code };
    const tokens = data(await device.post('/api/v1/auth/mfa/verify', proof, { headers }));
    const { activation_token } = tokens.trusted_device;
    data(await member.with(tokens).post('/api/v1/devices/activate', { activation_token }));
    expect((await login()).access_token).toBeDefined();

    // Such a login is not enough for what makes credentials.
    const session = member.with(await login());
    const wanted = { name: 'Nightly', scopes: ['read'] };
    const refused = await session.post('/api/v1/auth/tokens', wanted);
    expectError(refused, 401, 'STEP_UP_REQUIRED');
    expect(refused.headers.get('www-authenticate')).toMatch(
      /insufficient_user_authentication.*max_age="600".*mfa/,
    );
    expect(data(await session.get('/api/v1/auth/step-up')).mfa_methods).toEqual(['email_otp']);
    const begun = data(await session.post('/api/v1/auth/step-up', { password: PASSWORD }));
    const next = data(
      await device.post('/api/v1/auth/mfa/otp/generate', {
        temporary_token: begun.temporary_token,
        method: 'email_otp',
      }),
    );
    const confirmed = await codeFor('confirm that it is you');
    const stepped = data(
      await device.post('/api/v1/auth/mfa/verify', {
        temporary_token: next.temporary_token,
        code: confirmed,
      }),
    );
    const fresh = member.with(stepped);
    const { token } = data(await fresh.post('/api/v1/auth/tokens', wanted), 201);
    expectError(await session.post('/api/v1/auth/tokens', wanted), 401, 'STEP_UP_REQUIRED');
    expect((await fleet.caller(token).post('/api/v1/auth/tokens', wanted)).status).toBe(403);

    // Switching and refreshing keep when the user was authenticated.
    const switched = data(await fresh.post(`${organization.path}/switch`));
    const { refresh_token } = switched;
    const refreshed = data(await device.post('/api/v1/auth/refresh', { refresh_token }));
    const times = [stepped, switched, refreshed].map(({ access_token }) => authTimeOf(access_token));
    expect(new Set(times).size).toBe(1);
  });
});
