import { expectError } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';
import { refusal, type TestApplication } from '../testing/oauth-fixture.ts';
import { openidFixture } from '../testing/openid-fixture.ts';

let identity: IdentityUnderTest;
let openid: ReturnType<typeof openidFixture>;
let application: TestApplication;
let person: Person;
const LEFT = 'https://app.example.com/left?kept=1';
beforeAll(async () => {
  identity = await startIdentityUnderTest();
  openid = openidFixture(identity);
  application = await openid.application({ post_logout_redirect_uris: [LEFT] });
  person = await identity.person();
});
afterAll(() => identity?.stop());

const again = async () => identity.personOf(await identity.login(person.email), person.email);
const states = (tokens: { access_token: string }[]) =>
  Promise.all(tokens.map(async ({ access_token }) => (await openid.state(access_token)).state));
/** What the three kinds of grant are, approved by the same person in a session of its own. */
async function granted() {
  const who = await again();
  const tokens = [
    await openid.signIn(application, who),
    await openid.signIn(application, who, { scope: 'openid offline_access' }),
    await openid.granted(application, who, { scope: 'read' }),
  ];
  return { who, tokens };
}

describe('who signs out', () => {
  it.each<[string, (who: Person) => PromiseLike<unknown>]>([
    ['here', who => who.caller.post('/api/v1/auth/logout').expect(204)],
    ['everywhere', who => who.caller.post('/api/v1/auth/logout-all').expect(204)],
    [
      'from the list of sessions',
      who => person.caller.delete(`/api/v1/sessions/${who.sessionId}`).expect(200),
    ],
  ])(
    '%s is signed out of applications at once, but for those that may act while the user is away',
    async (_, end) => {
      const { who, tokens } = await granted();
      expect(await states(tokens)).toEqual(['active', 'active', 'active']);
      await end(who);
      expect(await states(tokens)).toEqual(['revoked', 'active', 'active']);
      expect(await openid.known(tokens[0]!.access_token)).toBe('revoked');
      expect(refusal(await openid.refresh(application, tokens[0]!.refresh_token))).toEqual([
        400,
        'invalid_grant',
      ]);
      for (const { refresh_token } of tokens.slice(1))
        await openid.refresh(application, refresh_token).expect(200);
    },
  );

  it('is asked no second time by applications that were agreed to', async () => {
    const own = await openid.application();
    const who = await again();
    await openid.signIn(own, who);
    await who.caller.post('/api/v1/auth/logout').expect(204);
    const url = await openid.authorize(own, await again(), { scope: 'openid', prompt: 'none' });
    expect(url.searchParams.has('code')).toBe(true);
  });

  it('leaves no code behind that could be exchanged, nor grants of other sessions touched', async () => {
    const [one, other] = [await again(), await again()];
    const code = await openid.code(application, one, { scope: 'openid' });
    const kept = await openid.signIn(application, other);
    await one.caller.post('/api/v1/auth/logout').expect(204);
    expect(refusal(await openid.exchange(application, code))).toEqual([400, 'invalid_grant']);
    expect(await states([kept])).toEqual(['active']);
  });
});

describe('a session', () => {
  it('that has expired refreshes nothing that was only good for as long as it', async () => {
    const { who, tokens } = await granted();
    const code = await openid.code(application, who, { scope: 'openid' });
    await identity.resources
      .knex('sessions')
      .where({ id: who.sessionId })
      .update({ expires_at: new Date(0) });
    const answers = await Promise.all(
      tokens.map(({ refresh_token }) => openid.refresh(application, refresh_token)),
    );
    expect(answers.map(({ status }) => status)).toEqual([400, 200, 200]);
    expect(refusal(await openid.exchange(application, code))).toEqual([400, 'invalid_grant']);
  });

  it('that somebody else may have had takes with it all that was approved in it, and what was agreed to', async () => {
    const { who, tokens } = await granted();
    const used = who.refreshToken;
    await identity.anonymous().post('/api/v1/auth/refresh', { refresh_token: used }).expect(200);
    await identity.anonymous().post('/api/v1/auth/refresh', { refresh_token: used }).expect(401);
    expect(await states(tokens)).toEqual(['revoked', 'revoked', 'revoked']);
    const url = await openid.authorize(application, await again(), { scope: 'openid', prompt: 'none' });
    expect(url.searchParams.get('error')).toBe('consent_required');
  });

  it('that ends while ten codes are exchanged leaves no token that is good', async () => {
    const who = await again();
    const codes = await Promise.all(
      Array.from({ length: 10 }, () => openid.code(application, who, { scope: 'openid' })),
    );
    const [, ...answers] = await Promise.all([
      who.caller.post('/api/v1/auth/logout').expect(204),
      ...codes.map(code => openid.exchange(application, code)),
    ]);
    const issued = answers.filter(({ status }) => status === 200).map(({ body }) => body);
    expect(new Set(await states(issued))).not.toContain('active');
  });
});

describe('sign-out that an application asks for', () => {
  const ask = (body: object, by = identity.anonymous()) =>
    by.post('/api/v1/oauth/end-session', { confirmed: true, ...body });
  const isActive = async ({ sessionId }: Person) =>
    (await identity.resources.knex('sessions').where({ id: sessionId }).first('revoked_at')).revoked_at ===
    null;

  it('ends nothing until the user was asked, and then the session in which the user signed in', async () => {
    const who = await again();
    const { id_token } = await openid.signIn(application, who);
    const asked = { id_token_hint: id_token, post_logout_redirect_uri: LEFT, state: 'a b' };
    const expected = {
      app_name: expect.stringMatching(/^App/),
      branding: null,
      signed_in: true,
      redirect_url: `${LEFT}&state=a+b`,
    };
    expect((await ask({ ...asked, confirmed: false }).expect(200)).body.data).toEqual(expected);
    expect(await isActive(who)).toBe(true);
    expect((await ask(asked).expect(200)).body.data).toEqual(expected);
    expect(await isActive(who)).toBe(false);
    expect((await ask(asked).expect(200)).body.data).toEqual({ ...expected, signed_in: false });
  });

  it('ends the session of the browser too, and nobody else’s', async () => {
    const [here, there, stranger] = [await again(), await again(), await identity.person()];
    const { id_token } = await openid.signIn(application, there);
    await ask({ id_token_hint: id_token }, stranger.caller).expect(200);
    expect([await isActive(there), await isActive(stranger)]).toEqual([true, false]);
    await ask({ id_token_hint: id_token }, here.caller).expect(200);
    expect([await isActive(here), await isActive(there)]).toEqual([false, false]);
    const alone = await again();
    const { data } = (await ask({}, alone.caller).expect(200)).body;
    expect([data, await isActive(alone)]).toEqual([
      { app_name: null, branding: null, signed_in: true, redirect_url: null },
      false,
    ]);
  });

  it('leads to an address of the application that is registered, to the letter', async () => {
    const { client_id } = application;
    for (const post_logout_redirect_uri of [
      'https://app.example.com/left',
      'https://app.example.com/left?kept=1&more=1',
      'https://app.example.com/left/?kept=1',
      'https://APP.example.com/left?kept=1',
      'https://app.example.com:443/left?kept=1',
      'https://app.example.com/left?kept=1#x',
      'https://app.example.com@evil.example/left?kept=1',
      'https://app.example.com/callback?kept=1',
      '//evil.example',
      'javascript:alert(1)',
    ])
      expectError(await ask({ client_id, post_logout_redirect_uri }), 400, 'INVALID_REDIRECT_URI');
    const other = await openid.application({ post_logout_redirect_uris: ['https://other.example/'] });
    const at = { post_logout_redirect_uri: 'https://other.example/' };
    expectError(await ask({ client_id, ...at }), 400, 'INVALID_REDIRECT_URI');
    const who = await again();
    const { id_token } = await openid.signIn(application, who);
    expectError(
      await ask({ client_id: other.client_id, id_token_hint: id_token, ...at }),
      400,
      'INVALID_LOGOUT_REQUEST',
    );
    expectError(await ask(at), 400, 'INVALID_LOGOUT_REQUEST');
    expectError(await ask({ client_id: 'x', ...at }), 400, 'INVALID_CLIENT');
    expect((await ask({ client_id: other.client_id, ...at }).expect(200)).body.data.redirect_url).toBe(
      'https://other.example/',
    );
    expect(await isActive(who)).toBe(true);
  });

  it('takes an ID token that has expired, and nothing else for one', async () => {
    const who = await again();
    const { access_token } = await openid.signIn(application, who);
    for (const id_token_hint of [access_token, who.accessToken, 'x']) {
      expect((await ask({ id_token_hint }).expect(200)).body.data.signed_in).toBe(false);
      expectError(
        await ask({ id_token_hint, post_logout_redirect_uri: LEFT }),
        400,
        'INVALID_LOGOUT_REQUEST',
      );
    }
    expect(await isActive(who)).toBe(true);
  });
});
