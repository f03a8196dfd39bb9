import {
  clientOf,
  type IdentityProviderUnderTest,
  SECRET,
  startIdentityProvider,
} from '@rivergate/testing/identity-provider';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IdentityUnderTest, startIdentityUnderTest } from '../../../testing/identity-under-test.ts';

const OAUTH = '/api/v1/auth/oauth';
const PERSONAL = '9188040d-6c67-4c5b-b112-36a304b66dad';
const TENANT = '11111111-2222-3333-4444-555555555555';

let elsewhere: IdentityProviderUnderTest;
let identity: IdentityUnderTest;
beforeAll(async () => {
  elsewhere = await startIdentityProvider({ clients: [clientOf('microsoft')] });
  identity = await startIdentityUnderTest({
    SOCIAL_MICROSOFT_CLIENT_ID: 'rivergate-microsoft',
    SOCIAL_MICROSOFT_CLIENT_SECRET: SECRET,
    SOCIAL_MICROSOFT_ISSUER: elsewhere.issuer,
  });
});
afterAll(async () => {
  await identity?.stop();
  await elsewhere?.stop();
});

let people = 0;
async function logIn(claims: Record<string, unknown>) {
  const { body } = await identity.anonymous().get(`${OAUTH}/microsoft/url`).expect(200);
  const sub = `pairwise-${++people}`;
  const person = { sub, oid: sub, tid: TENANT, email: `${sub}@tenant.example`, name: 'Ada', ...claims };
  const sent = await elsewhere.signIn(body.data.oauth_url, person);
  return identity.anonymous().get(`${OAUTH}/microsoft/callback?${new URLSearchParams(sent)}`);
}

describe('Microsoft', () => {
  it('vouches for addresses of personal accounts, and of domains that a tenant has proved to own', async () => {
    for (const claims of [{ tid: PERSONAL }, { xms_edov: true }, { xms_edov: 1 }, { xms_edov: '1' }]) {
      const { status, body } = await logIn(claims);
      expect([status, body.data]).toMatchObject([200, { display_name: 'Ada', provider: 'microsoft' }]);
    }
  });
  it('vouches for no other: an administrator of a tenant writes there what they like', async () => {
    const owner = await identity.person();
    for (const claims of [{}, { xms_edov: false }, { xms_edov: 0 }, { email_verified: true }]) {
      const { status, body } = await logIn({ ...claims, email: owner.email });
      expect([status, body.error.code]).toEqual([400, 'OAUTH_AUTHORIZATION_FAILED']);
    }
  });
  it('knows its users by tenant and id: the same id in another tenant is somebody else', async () => {
    const first = await logIn({ oid: 'same', xms_edov: true });
    const again = await logIn({ oid: 'same' });
    expect(again.body.data.user_id).toBe(first.body.data.user_id);
    const other = await logIn({ oid: 'same', tid: '99999999-2222-3333-4444-555555555555' });
    expect(other.status).toBe(400);
    expect((await logIn({ oid: undefined, xms_edov: true })).status).toBe(400);
  });
});
