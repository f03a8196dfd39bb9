import { memberRemoved, organizationSettingsChanged, userStatusChanged } from '@rivergate/events';
import { tokenHash } from '@rivergate/secrets';
import { eventually, publishEvent } from '@rivergate/testing';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';
import {
  CALLBACK,
  oauthFixture,
  refusal,
  S256,
  type TestApplication,
  VERIFIER,
} from '../testing/oauth-fixture.ts';
import { forgetEndedTokens } from './token-store.ts';

let identity: IdentityUnderTest;
let oauth: ReturnType<typeof oauthFixture>;
let application: TestApplication;
let person: Person;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
  oauth = oauthFixture(identity);
  person = await identity.person();
});
afterAll(() => identity?.stop());
beforeEach(async () => {
  application = await oauth.application();
});

const invalidGrant = [400, 'invalid_grant'];
const ten = <Result>(work: () => PromiseLike<Result>) => Promise.all(Array.from({ length: 10 }, work));
const knex = () => identity.resources.knex;
const dump = async () =>
  JSON.stringify([
    await knex()('oauth_applications'),
    await knex()('oauth_grants'),
    await knex()('oauth_tokens'),
    await knex()('outbox'),
    await identity.audited(person.userId),
  ]);

describe('a code', () => {
  it('gives an access token for the user, a refresh token, and nothing that a cache keeps', async () => {
    const answer = await oauth.exchange(
      application,
      await oauth.code(application, person, { scope: 'read' }),
    );
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      access_token: expect.any(String),
      token_type: 'bearer',
      expires_in: 3600,
      refresh_token: expect.stringMatching(/^[\w-]{43}$/),
      scope: 'read',
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('pragma')).toBe('no-cache');
    expect(decodeProtectedHeader(answer.body.access_token)).toMatchObject({ alg: 'ES256', typ: 'at+jwt' });
    expect(decodeJwt(answer.body.access_token)).toMatchObject({
      iss: 'http://rivergate.test',
      sub: String(person.userId),
      client_id: application.client_id,
      org_id: application.organizationId,
      scope: 'read',
    });
    expect(await oauth.state(answer.body.access_token)).toMatchObject({
      user_id: person.userId,
      client_id: application.client_id,
      organization_id: application.organizationId,
      bound: true,
      scopes: ['read'],
      state: 'active',
    });
    const { data } = (await application.admin.get(application.path)).body;
    expect(data.last_used_at).not.toBeNull();
  });

  it('without a scope has those of the application', async () => {
    expect((await oauth.granted(application, person)).scope).toBe('read write');
  });

  it('used ten times at once is good once, and ends what it gave', async () => {
    const code = await oauth.code(application, person);
    const answers = await ten(() => oauth.exchange(application, code));
    const good = answers.filter(({ status }) => status === 200);
    expect(good).toHaveLength(1);
    expect(answers.filter(({ status }) => status !== 200).map(refusal)).toEqual(Array(9).fill(invalidGrant));
    const { access_token, refresh_token } = good[0]!.body;
    expect((await oauth.state(access_token)).state).toBe('revoked');
    expect(await oauth.known(access_token)).toBe('revoked');
    expect(refusal(await oauth.refresh(application, refresh_token))).toEqual(invalidGrant);
    const actions = (await identity.audited(person.userId)).map(({ action }) => action);
    expect(actions).toContain('oauth.authorization.reused');
  });

  it.each([
    ['S256', { code_challenge: S256, code_challenge_method: 'S256' }],
    ['plain', { code_challenge: VERIFIER, code_challenge_method: 'plain' }],
    ['plain without saying so', { code_challenge: VERIFIER }],
  ])('with a challenge (%s) takes its verifier, and no other', async (_, challenge) => {
    const code = await oauth.code(application, person, challenge);
    expect(await dump()).not.toContain(VERIFIER);
    expect(refusal(await oauth.exchange(application, code))).toEqual([400, 'invalid_request']);
    for (const code_verifier of [VERIFIER.replace('d', 'e'), S256])
      expect(refusal(await oauth.exchange(application, code, { code_verifier }))).toEqual(invalidGrant);
    for (const code_verifier of ['short', 'x'.repeat(129), `${VERIFIER}=`])
      expect(refusal(await oauth.exchange(application, code, { code_verifier }))).toEqual([
        400,
        'invalid_request',
      ]);
    expect((await oauth.exchange(application, code, { code_verifier: VERIFIER })).status).toBe(200);
  });

  it('without a challenge refuses a verifier', async () => {
    const code = await oauth.code(application, person);
    expect(refusal(await oauth.exchange(application, code, { code_verifier: VERIFIER }))).toEqual(
      invalidGrant,
    );
  });

  it('is for its client and its redirect URI, and for ten minutes', async () => {
    const [code, other] = [await oauth.code(application, person), await oauth.application()];
    expect(refusal(await oauth.exchange(other, code))).toEqual(invalidGrant);
    const near = 'https://app.example.com/callback';
    expect(refusal(await oauth.exchange(application, code, { redirect_uri: near }))).toEqual(invalidGrant);
    await knex()('oauth_grants')
      .where({ code_hash: tokenHash(code) })
      .update({ code_expires_at: knex().raw('now()') });
    expect(refusal(await oauth.exchange(application, code))).toEqual(invalidGrant);
    await knex()('oauth_grants')
      .where({ code_hash: tokenHash(code) })
      .update({ code_expires_at: knex().raw("now() + interval '1 minute'") });
    expect((await oauth.exchange(application, code)).status).toBe(200);
    expect(refusal(await oauth.exchange(application, 'invented'))).toEqual(invalidGrant);
  });

  it('wants its parameters', async () => {
    const code = await oauth.code(application, person);
    for (const more of [{ redirect_uri: undefined }, { code: undefined }, { grant_type: undefined }])
      expect(refusal(await oauth.exchange(application, code, more))).toEqual([400, 'invalid_request']);
    const grant_type = 'password';
    expect(refusal(await oauth.exchange(application, code, { grant_type }))).toEqual([
      400,
      'unsupported_grant_type',
    ]);
  });
});

describe('a refresh token', () => {
  it('is traded for a new pair, with all of the scope or less', async () => {
    const { refresh_token } = await oauth.granted(application, person);
    const narrower = (await oauth.refresh(application, refresh_token, { scope: 'read' })).body;
    expect(narrower.scope).toBe('read');
    expect((await oauth.state(narrower.access_token)).scopes).toEqual(['read']);
    const more = { scope: 'read admin' };
    expect(refusal(await oauth.refresh(application, narrower.refresh_token, more))).toEqual([
      400,
      'invalid_scope',
    ]);
    expect((await oauth.refresh(application, narrower.refresh_token)).body.scope).toBe('read write');
  });

  it('does not grow with its application', async () => {
    const { refresh_token } = await oauth.granted(application, person, { scope: 'read' });
    const wider = { scopes: ['read', 'write', 'admin'] };
    await application.admin.patch(application.path, wider).expect(200);
    const more = { scope: 'read write' };
    expect(refusal(await oauth.refresh(application, refresh_token, more))).toEqual([400, 'invalid_scope']);
    expect((await oauth.refresh(application, refresh_token)).body.scope).toBe('read');
  });

  it('used a second time ends the grant', async () => {
    const first = await oauth.granted(application, person);
    const second = (await oauth.refresh(application, first.refresh_token)).body;
    expect(refusal(await oauth.refresh(application, first.refresh_token))).toEqual(invalidGrant);
    for (const { access_token } of [first, second]) expect(await oauth.known(access_token)).toBe('revoked');
    expect(refusal(await oauth.refresh(application, second.refresh_token))).toEqual(invalidGrant);
  });

  it('used ten times at once is good once, and ends the grant', async () => {
    const { refresh_token } = await oauth.granted(application, person);
    const answers = await ten(() => oauth.refresh(application, refresh_token));
    const good = answers.filter(({ status }) => status === 200);
    expect(good).toHaveLength(1);
    expect(await oauth.known(good[0]!.body.access_token)).toBe('revoked');
    expect(refusal(await oauth.refresh(application, good[0]!.body.refresh_token))).toEqual(invalidGrant);
  });

  it('and one after it, used at the same time as it comes again, both end', async () => {
    const { refresh_token: used } = await oauth.granted(application, person);
    const { refresh_token: next } = (await oauth.refresh(application, used)).body;
    const answers = await Promise.all([used, next, used].map(one => oauth.refresh(application, one)));
    for (const { status, body } of answers)
      if (status === 200) {
        expect((await oauth.state(body.access_token)).state).toBe('revoked');
        expect(refusal(await oauth.refresh(application, body.refresh_token))).toEqual(invalidGrant);
      }
    expect(answers.filter(({ status }) => status === 200).length).toBeLessThan(2);
  });

  it('is for its client, and no access token passes for one', async () => {
    const { refresh_token, access_token } = await oauth.granted(application, person);
    expect(refusal(await oauth.refresh(await oauth.application(), refresh_token))).toEqual(invalidGrant);
    expect(refusal(await oauth.refresh(application, access_token))).toEqual(invalidGrant);
    expect((await oauth.state(refresh_token)).state).toBe('unknown');
    expect((await oauth.refresh(application, refresh_token)).status).toBe(200);
  });

  it('lives as long as the organization lets it, as do access tokens', async () => {
    const { refresh_token } = await oauth.granted(application, person);
    const settings = {
      password_policy: { min_length: 8, require_special_character: false },
      sessions: { lifetime_minutes: 1440, remembered_lifetime_days: 30 },
      tokens: { access_token_minutes: 5, refresh_token_days: 1, access_token_expire_minutes: 60 },
    };
    const data = { organization_id: application.organizationId, revision: 1, fields: [], settings };
    const about = { subject: application.organizationId, data };
    await publishEvent(identity, 'organization', organizationSettingsChanged, about);
    const policy = knex()('organization_policies').where({ organization_id: application.organizationId });
    await eventually(async () => policy.clone().first());
    const next = (await oauth.refresh(application, refresh_token)).body;
    expect(next.expires_in).toBe(300);
    await knex()('oauth_tokens')
      .where({ token_hash: tokenHash(next.refresh_token) })
      .update({
        created_at: knex().raw("now() - interval '25 hours'"),
        expires_at: knex().raw("now() + interval '1 day'"),
      });
    expect(refusal(await oauth.refresh(application, next.refresh_token))).toEqual(invalidGrant);
  });
});

describe('client credentials', () => {
  const own = (more: Record<string, string> = {}) =>
    oauth.token(application, { grant_type: 'client_credentials', ...more });

  it('give a token that stands for the application and no refresh token', async () => {
    const { body } = await own({ scope: 'write' });
    expect(body).toEqual({
      access_token: expect.any(String),
      token_type: 'bearer',
      expires_in: 3600,
      scope: 'write',
    });
    expect(decodeJwt(body.access_token).sub).toBe(application.client_id);
    expect(await oauth.state(body.access_token)).toMatchObject({
      user_id: null,
      client_id: application.client_id,
      organization_id: application.organizationId,
      scopes: ['write'],
      state: 'active',
    });
    expect((await own()).body.scope).toBe('read write');
  });

  it('are bounded by the application', async () => {
    expect(refusal(await own({ scope: 'admin' }))).toEqual([400, 'invalid_scope']);
    application = await oauth.application({ grant_types: ['authorization_code'] });
    expect(refusal(await own())).toEqual([400, 'unauthorized_client']);
    application = await oauth.application({ grant_types: ['client_credentials'] });
    for (const fields of [
      { grant_type: 'refresh_token', refresh_token: 'x' },
      { grant_type: 'authorization_code', code: 'x', redirect_uri: CALLBACK },
    ])
      expect(refusal(await oauth.token(application, fields))).toEqual([400, 'unauthorized_client']);
  });
});

describe('a client', () => {
  const ask = (fields: Record<string, string | undefined>, headers: Record<string, string> = {}) =>
    oauth.send(
      '/oauth/token',
      oauth.form({ grant_type: 'client_credentials', ...fields }),
      identity.anonymous(),
      headers,
    );
  const basic = (id: string, secret: string) => ({
    authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`,
  });

  it('authenticates itself by HTTP Basic or in the body', async () => {
    const { client_id, client_secret } = application;
    expect((await ask({ client_id, client_secret })).status).toBe(200);
    expect((await ask({}, basic(client_id, client_secret))).status).toBe(200);
    expect((await ask({ client_id }, basic(client_id, client_secret))).status).toBe(200);
  });

  it('is one answer for all that is wrong, which asks for HTTP Basic', async () => {
    const { client_id, client_secret } = application;
    const revoked = await oauth.application();
    await revoked.admin.post(`${revoked.path}/revoke`).expect(200);
    const wrong = [
      { client_id, client_secret: 'wrong' },
      { client_id: 'x', client_secret },
      { client_id: '00000000-0000-4000-8000-000000000000', client_secret },
      { client_id: client_id.toUpperCase(), client_secret },
      oauth.credentials(revoked),
      { client_id: revoked.client_id, client_secret },
    ];
    const answers = [
      ...(await Promise.all(wrong.map(fields => ask(fields)))),
      ...(await Promise.all(wrong.map(one => ask({}, basic(one.client_id, one.client_secret))))),
      await ask({}, { authorization: 'Basic ?' }),
      await ask({}, { authorization: 'Basic bm8tY29sb24=' }),
      await ask({}, { authorization: `Basic ${Buffer.from('%:%').toString('base64')}` }),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(401);
      expect(answer.body).toEqual(answers[0]!.body);
      expect(answer.body.error).toBe('invalid_client');
      expect(answer.headers.get('www-authenticate')).toMatch(/^Basic /);
      expect(answer.headers.get('pragma')).toBe('no-cache');
    }
  });

  it('400 for both ways at once, for half of one, and for none', async () => {
    const { client_id, client_secret } = application;
    const header = basic(client_id, client_secret);
    const other = (await oauth.application()).client_id;
    for (const answer of [
      await ask({ client_id, client_secret }, header),
      await ask({ client_secret }, header),
      await ask({ client_id: other }, header),
      await ask({ client_id }),
      await ask({ client_secret }),
      await ask({}),
    ])
      expect(refusal(answer)).toEqual([400, 'invalid_request']);
  });

  it('400 for what is repeated or too much, 415 for another type, and what is unknown is passed over', async () => {
    const { client_id, client_secret } = application;
    const good = oauth.form({ grant_type: 'client_credentials', client_id, client_secret });
    for (const name of ['grant_type', 'client_id', 'client_secret'])
      expect(refusal(await oauth.send('/oauth/token', `${good}&${name}=again`))).toEqual([
        400,
        'invalid_request',
      ]);
    expect((await oauth.send('/oauth/token', `${good}&audience=x&audience=y&scope=`)).status).toBe(200);
    for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x'])
      expect(refusal(await oauth.send('/oauth/token', good, undefined, { 'content-type': type }))).toEqual([
        415,
        'invalid_request',
      ]);
  });
});

describe('what is kept', () => {
  it('is neither code, token, secret nor verifier', async () => {
    const code = await oauth.code(application, person, { code_challenge: VERIFIER });
    const { body } = await oauth.exchange(application, code, { code_verifier: VERIFIER });
    const next = (await oauth.refresh(application, body.refresh_token)).body;
    const { client_secret } = application;
    const secrets = [code, VERIFIER, client_secret];
    for (const tokens of [body, next]) secrets.push(tokens.access_token, tokens.refresh_token);
    const kept = await dump();
    for (const secret of secrets) {
      expect(kept).not.toContain(secret);
      // The hash is there, so the dump is what it should be; of the verifier, its S256.
      if (secret !== VERIFIER) expect(kept).toContain(tokenHash(secret));
    }
  });

  it('is forgotten when it means nothing any more, and no earlier', async () => {
    const { access_token, refresh_token, code } = await oauth.granted(application, person);
    await oauth.refresh(application, refresh_token);
    await forgetEndedTokens(knex());
    expect(refusal(await oauth.exchange(application, code))).toEqual(invalidGrant);
    expect((await oauth.state(access_token)).state).toBe('revoked');
    const own = { application_id: application.id };
    await knex()('oauth_tokens')
      .where(own)
      .update({ expires_at: knex().raw("now() - interval '2 days'") });
    await knex()('oauth_grants')
      .where(own)
      .update({ code_expires_at: knex().raw("now() - interval '2 days'") });
    await forgetEndedTokens(knex());
    expect(await knex()('oauth_tokens').where(own)).toEqual([]);
    expect(await knex()('oauth_grants').where(own)).toEqual([]);
  });
});

describe('the user of a grant', () => {
  const removed = ({ userId }: Person) =>
    publishEvent(identity, 'organization', memberRemoved, {
      subject: userId,
      data: { organization_id: application.organizationId, user_id: userId },
    } as never);

  it('who is no member any more: neither code nor refresh token is good, and tokens end', async () => {
    const leaving = await identity.person();
    const code = await oauth.code(application, leaving);
    const { access_token, refresh_token } = await oauth.granted(application, leaving);
    identity.organization.removed.add(leaving.userId);
    expect(refusal(await oauth.exchange(application, code))).toEqual(invalidGrant);
    expect(refusal(await oauth.refresh(application, refresh_token))).toEqual(invalidGrant);
    await removed(leaving);
    await eventually(async () => (await oauth.known(access_token)) === 'revoked', 'the end of the token');
    // Coming back brings nothing back.
    identity.organization.removed.delete(leaving.userId);
    expect(refusal(await oauth.exchange(application, code))).toEqual(invalidGrant);
    expect(refusal(await oauth.refresh(application, refresh_token))).toEqual(invalidGrant);
  });

  it('who is suspended: neither is good, tokens are refused, and come back with the account', async () => {
    const suspended = await identity.person();
    const code = await oauth.code(application, suspended);
    const { access_token, refresh_token } = await oauth.granted(application, suspended);
    const { userId } = suspended;
    const disable = (at: string) =>
      knex()('users')
        .where({ id: userId })
        .update({ disabled_at: knex().raw(at) });
    await disable('now()');
    await publishEvent(identity, 'identity', userStatusChanged, {
      subject: userId,
      data: { user_id: userId, status: 'suspended' },
    });
    await eventually(async () => (await oauth.known(access_token))?.startsWith('changed'), 'the question');
    expect((await oauth.state(access_token)).state).toBe('suspended');
    expect(refusal(await oauth.exchange(application, code))).toEqual(invalidGrant);
    expect(refusal(await oauth.refresh(application, refresh_token))).toEqual(invalidGrant);
    await disable('null');
    expect((await oauth.state(access_token)).state).toBe('active');
    expect((await oauth.refresh(application, refresh_token)).status).toBe(200);
  });
});
