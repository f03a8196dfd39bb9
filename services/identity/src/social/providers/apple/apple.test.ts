import {
  clientOf,
  type IdentityProviderUnderTest,
  startIdentityProvider,
} from '@rivergate/testing/identity-provider';
import { exportPKCS8, generateKeyPair, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IdentityUnderTest, startIdentityUnderTest } from '../../../testing/identity-under-test.ts';

const OAUTH = '/api/v1/auth/oauth';

let elsewhere: IdentityProviderUnderTest;
let identity: IdentityUnderTest;
const secrets: string[] = [];
beforeAll(async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  elsewhere = await startIdentityProvider({ clients: [clientOf('apple', { scope: 'openid email name' })] });
  // As Apple does: the secret is a JWT by the team's key.
  elsewhere.provider.Client.prototype.compareClientSecret = async (given: string) => {
    secrets.push(given);
    const claims = { issuer: 'TEAM123456', subject: 'rivergate-apple', audience: elsewhere.issuer };
    const { protectedHeader } = await jwtVerify(given, publicKey, { ...claims, maxTokenAge: '5m' });
    return protectedHeader.kid === 'KEY1234567';
  };
  identity = await startIdentityUnderTest({
    SOCIAL_APPLE_CLIENT_ID: 'rivergate-apple',
    SOCIAL_APPLE_TEAM_ID: 'TEAM123456',
    SOCIAL_APPLE_KEY_ID: 'KEY1234567',
    SOCIAL_APPLE_PRIVATE_KEY: Buffer.from(await exportPKCS8(privateKey)).toString('base64'),
    SOCIAL_APPLE_ISSUER: elsewhere.issuer,
  });
});
afterAll(async () => {
  await identity?.stop();
  await elsewhere?.stop();
});

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const post = (fields: Record<string, string>) =>
  identity.anonymous().post(`${OAUTH}/apple/callback`, undefined, {
    raw: new URLSearchParams(fields).toString(),
    headers: FORM,
  });
let people = 0;
/** Signs in at Apple, which has the browser post what it sends. */
async function posted(claims: Record<string, unknown>): Promise<Record<string, string>> {
  const { body } = await identity.anonymous().get(`${OAUTH}/apple/url`).expect(200);
  expect(new URL(body.data.oauth_url).searchParams.get('response_mode')).toBe('form_post');
  return elsewhere.signIn(body.data.oauth_url, { sub: `apple-${++people}`, ...claims });
}

describe('Apple', () => {
  it('posts a form, takes a secret that is signed anew each time, and names the person beside the code', async () => {
    const user = JSON.stringify({ name: { firstName: 'Ada', lastName: 'Lovelace' } });
    const first = await posted({ email: 'ada@apple.example', email_verified: true });
    const { status, body } = await post({ ...first, user, id_token: 'ignored' });
    expect([status, body.data]).toMatchObject([
      200,
      { email: 'ada@apple.example', display_name: 'Ada Lovelace', is_new_user: true, provider: 'apple' },
    ]);
    await post(await posted({ email: 'grace@apple.example', email_verified: 'true' })).expect(200);
    expect(new Set(secrets).size).toBe(2);
  });
  it('is believed no address that it has not verified, whatever comes beside the code', async () => {
    const owner = await identity.person();
    for (const email_verified of [false, 'false', undefined]) {
      const sent = await posted({ email: owner.email, email_verified });
      const user = JSON.stringify({ name: { firstName: 'x', lastName: 'y' }, email: owner.email });
      const { status, body } = await post({ ...sent, user });
      expect([status, body.error.code]).toEqual([400, 'OAUTH_AUTHORIZATION_FAILED']);
    }
  });
  it('may send a name that is none: then the address gives one', async () => {
    const names = [
      '{',
      '{}',
      '{"name":7}',
      '{"name":{"firstName":{"a":1}}}',
      '{"name":{"firstName":"a\\u0000b"}}',
    ];
    for (const [index, user] of names.entries()) {
      const sent = await posted({ email: `nameless-${index}@apple.example`, email_verified: true });
      expect((await post({ ...sent, user })).body.data.display_name).toBe(`nameless-${index}`);
    }
  });
  it('checks a posted callback as any other', async () => {
    const codeOf = async (fields: Record<string, string>) => (await post(fields)).body.error.code;
    expect(await codeOf({ error: 'user_cancelled_authorize' })).toBe('OAUTH_AUTHORIZATION_FAILED');
    expect(await codeOf({ state: 'unknown-state' })).toBe('MISSING_AUTHORIZATION_CODE');
    expect(await codeOf({ code: 'x' })).toBe('INVALID_STATE');
    const json = await identity.anonymous().post(`${OAUTH}/apple/callback`, { code: 'x' });
    expect(json.status).toBe(415);
    const sent = await posted({ email: 'once@apple.example', email_verified: true });
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(sent)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });
});
