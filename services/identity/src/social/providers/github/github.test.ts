import {
  clientOf,
  type IdentityProviderUnderTest,
  SECRET,
  startIdentityProvider,
} from '@rivergate/testing/identity-provider';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IdentityUnderTest, startIdentityUnderTest } from '../../../testing/identity-under-test.ts';

const OAUTH = '/api/v1/auth/oauth';

/** What GitHub's API answers for the users of the test, by their ids. */
const users = new Map<string, { user: object; emails: object[] }>();
let requests: (string | undefined)[] = [];

let elsewhere: IdentityProviderUnderTest;
let identity: IdentityUnderTest;
beforeAll(async () => {
  // The authorization server is a real one, at GitHub's paths. Its API cannot run here.
  elsewhere = await startIdentityProvider({
    clients: [clientOf('github', { scope: 'read:user user:email' })],
    routes: { authorization: '/login/oauth/authorize', token: '/login/oauth/access_token' },
    async also({ url, headers }, response, provider) {
      if (!url!.startsWith('/api/')) return false;
      requests.push(headers.accept);
      const token = await provider.AccessToken.find(headers.authorization!.replace(/^Bearer /i, ''));
      const known = users.get(token?.accountId ?? '');
      const body = url === '/api/user' ? known?.user : known?.emails;
      response
        .writeHead(body ? 200 : 401, { 'content-type': 'application/json' })
        .end(JSON.stringify(body ?? { message: 'Bad credentials' }));
      return true;
    },
  });
  identity = await startIdentityUnderTest({
    SOCIAL_GITHUB_CLIENT_ID: 'rivergate-github',
    SOCIAL_GITHUB_CLIENT_SECRET: SECRET,
    SOCIAL_GITHUB_URL: elsewhere.issuer,
    SOCIAL_GITHUB_API_URL: `${elsewhere.issuer}/api`,
  });
});
afterAll(async () => {
  await identity?.stop();
  await elsewhere?.stop();
});

let ids = 1_000;
/** Logs in by the callback as a new user of GitHub. */
async function logIn(user: object, emails: object[], id = ++ids) {
  users.set(String(id), { user: { id, login: 'octocat', name: null, avatar_url: null, ...user }, emails });
  const { body } = await identity.anonymous().get(`${OAUTH}/github/url`).expect(200);
  const sent = await elsewhere.signIn(body.data.oauth_url, { sub: String(id) });
  return identity.anonymous().get(`${OAUTH}/github/callback?${new URLSearchParams(sent)}`);
}
const email = (address: string, verified: boolean, primary: boolean) => ({
  email: address,
  verified,
  primary,
});

describe('GitHub', () => {
  it('is asked for user and addresses, with state and an S256 challenge, and no nonce', async () => {
    const { body } = await identity.anonymous().get(`${OAUTH}/github/url`);
    const url = new URL(body.data.oauth_url);
    expect(url.pathname).toBe('/login/oauth/authorize');
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      scope: 'read:user user:email',
      state: body.data.state,
      code_challenge_method: 'S256',
    });
    expect(url.searchParams.has('nonce')).toBe(false);
    expect(body.message).toBe('Continue at GitHub');
  });
  it('gives name, avatar, and the primary address if it is verified', async () => {
    requests = [];
    const user = { name: 'Ada', avatar_url: 'https://avatars.example/1' };
    const emails = [email('first@ada.example', true, false), email('Main@Ada.example', true, true)];
    const { status, body } = await logIn(user, emails);
    expect([status, body.data]).toMatchObject([
      200,
      { email: 'main@ada.example', display_name: 'Ada', is_new_user: true, provider: 'github' },
    ]);
    expect(requests).toEqual(Array(2).fill('application/vnd.github+json'));
  });
  it('gives another verified address where the primary one is not, and the login as a name', async () => {
    const emails = [email('claimed@ada.example', false, true), email('own@ada.example', true, false)];
    const { body } = await logIn({ login: 'lovelace' }, emails);
    expect(body.data).toMatchObject({ email: 'own@ada.example', display_name: 'lovelace' });
  });
  it('logs nobody in by addresses that are not verified', async () => {
    const owner = await identity.person();
    const { status, body } = await logIn({ email: owner.email }, [email(owner.email, false, true)]);
    expect([status, body.error.code]).toEqual([400, 'OAUTH_AUTHORIZATION_FAILED']);
    expect((await logIn({}, [])).status).toBe(400);
  });
  it('knows its users by their number, not by login or address', async () => {
    const first = await logIn({ login: 'ada' }, [email('ada@numbers.example', true, true)], 7);
    const renamed = await logIn({ login: 'countess' }, [email('new@numbers.example', true, true)], 7);
    expect(renamed.body.data).toMatchObject({
      user_id: first.body.data.user_id,
      email: 'ada@numbers.example',
      is_new_user: false,
    });
  });
  it('400 for answers of its API that are not what they should be', async () => {
    for (const user of [{ id: 'seven' }, { login: 7 }]) {
      const { status, body } = await logIn(user, [email('odd@ada.example', true, true)]);
      expect([status, body.error.code]).toEqual([400, 'OAUTH_AUTHORIZATION_FAILED']);
    }
  });
  it('does not give out a code for another verifier', async () => {
    users.set('8', { user: { id: 8, login: 'x' }, emails: [email('x@ada.example', true, true)] });
    const urls = [];
    for (let flow = 0; flow < 2; flow++)
      urls.push((await identity.anonymous().get(`${OAUTH}/github/url`)).body.data.oauth_url);
    const [victim, attacker] = [
      await elsewhere.signIn(urls[0], { sub: '8' }),
      await elsewhere.signIn(urls[1], { sub: '8' }),
    ];
    const sent = new URLSearchParams({ ...attacker, code: victim.code! });
    expect((await identity.anonymous().get(`${OAUTH}/github/callback?${sent}`)).status).toBe(400);
  });
});
