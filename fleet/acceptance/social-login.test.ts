import { eventually } from '@rivergate/testing';
import {
  clientOf,
  type IdentityProviderUnderTest,
  SECRET,
  startIdentityProvider,
} from '@rivergate/testing/identity-provider';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { codeSentTo, data, foundOrganization, signUp, uniqueEmail } from './person.ts';

const OAUTH = '/api/v1/auth/oauth';
/** The page of an application to which the provider sends the browser. */
const PAGE = 'https://app.example/signed-in';

let elsewhere: IdentityProviderUnderTest;
let fleet: AcceptanceFleet;
beforeAll(async () => {
  elsewhere = await startIdentityProvider({ clients: [clientOf('google', { redirect_uris: [PAGE] })] });
  fleet = await startFleet({
    env: {
      SOCIAL_GOOGLE_CLIENT_ID: 'rivergate-google',
      SOCIAL_GOOGLE_CLIENT_SECRET: SECRET,
      SOCIAL_GOOGLE_ISSUER: elsewhere.issuer,
      SOCIAL_GOOGLE_REDIRECT_URI: PAGE,
    },
  });
});
afterAll(async () => {
  await fleet?.stop();
  await elsewhere?.stop();
});

const ada = { sub: 'ada-elsewhere', email: 'ada@social.example', email_verified: true, name: 'Ada' };
const returned = async (person: typeof ada) => {
  const { oauth_url } = data(await fleet.caller().get(`${OAUTH}/google/url`));
  return elsewhere.signIn(oauth_url, person);
};

describe('a social login through the gateway', () => {
  it('gives a new user an organization, in which the first token acts', async () => {
    const sent = await returned(ada);
    const answer = await fleet.caller().post(`${OAUTH}/login`, { provider: 'google', ...sent });
    const { access_token, is_new_user } = data(answer);
    expect(is_new_user).toBe(true);
    const me = data(await fleet.caller(access_token).get('/api/v1/auth/me'));
    expect(me.security).toMatchObject({ social_accounts_count: 1, connected_providers: ['google'] });
    expect(me.organizations).toMatchObject([{ plan: 'individual', is_admin: true }]);
    const { id } = me.organizations[0];
    const workspaces = await fleet.caller(access_token).get(`/api/v1/organizations/${id}/workspaces`);
    expect(data(workspaces).workspaces).toHaveLength(1);
  });
  it('takes the form that a provider has the browser post from its own site', async () => {
    const crossSite = { origin: 'https://provider.example', 'sec-fetch-site': 'cross-site' };
    const { status, body } = await fleet.caller().post(`${OAUTH}/google/callback`, undefined, {
      raw: new URLSearchParams(await returned(ada)).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...crossSite },
    });
    expect([status, body.data]).toMatchObject([200, { email: ada.email, is_new_user: false }]);
  });
});

describe('an email change through the gateway', () => {
  it('reaches the list of members, over the event log', async () => {
    const person = await signUp(fleet, 'mover');
    const organization = await foundOrganization(person);
    const new_email = uniqueEmail('moved');
    data(await person.post('/api/v1/auth/me/email/request', { new_email }));
    const otp_code = await codeSentTo(fleet, new_email);
    data(await person.post('/api/v1/auth/me/email/verify', { new_email, otp_code }));
    await eventually(async () => {
      const { members } = data(await person.get(`${organization.path}/members`));
      return members.some(({ email }: { email: string }) => email === new_email);
    }, 'the new address among the members');
  });
});
