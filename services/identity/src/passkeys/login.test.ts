import { eventually, expectError, type TestAnswer } from '@rivergate/testing';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IdentityUnderTest, PASSWORD, startIdentityUnderTest } from '../testing/identity-under-test.ts';
import { newKey, ORIGIN, passkeysUnderTest, RP_ID } from '../testing/passkeys-under-test.ts';
import { softwareAuthenticator } from '../testing/software-authenticator.ts';
import { dropExpiredLogins } from './login-store.ts';

let identity: IdentityUnderTest;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
});
afterAll(() => identity.stop());

const { startLogin, completeLogin, login, holder, register } = passkeysUnderTest(() => identity);
const table = (name: string) => identity.resources.knex(name);
const lastAudited = async (userId: number) => (await identity.audited(userId)).at(-1);

describe('starting a login', () => {
  it('answers request options that offer the passkeys of the account', async () => {
    const person = await holder();
    const { status, body } = await startLogin(` ${person.email.toUpperCase()} `);
    expect(status).toBe(200);
    expect(body.data).toEqual({
      challenge: expect.stringMatching(/^[\w-]{43}$/),
      allowCredentials: [
        { id: person.authenticator.credentialId, type: 'public-key', transports: ['hybrid', 'internal'] },
      ],
      timeout: 60_000,
      userVerification: 'required',
      rpId: RP_ID,
    });
  });

  it('offers one made-up passkey where there is none: for an address its own, and always the same', async () => {
    const { email: withoutPasskey } = await identity.person();
    const decoyOf = async (email: string) => {
      const { body } = await startLogin(email).expect(200);
      expect(body.data.allowCredentials).toHaveLength(1);
      return body.data.allowCredentials[0];
    };
    const ids = new Set<string>();
    for (const email of [withoutPasskey, 'nobody@example.com', 'someone@example.com']) {
      const decoy = await decoyOf(email);
      expect(await decoyOf(email)).toEqual(decoy);
      ids.add(decoy.id);
    }
    expect(ids.size).toBe(3);
  });

  it('has one shape for known and unknown addresses, and the decoys are of several kinds', async () => {
    const { email } = await holder();
    const shapeOf = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.slice(0, 1).map(shapeOf)
        : typeof value === 'object' && value !== null
          ? Object.entries(value).map(([name, member]) => [name, shapeOf(member)])
          : typeof value;
    const headersOf = ({ headers }: TestAnswer) => [...headers.keys()].sort();
    const [known, unknown] = [await startLogin(email), await startLogin('nobody@example.com')];
    expect(shapeOf(unknown.body)).toEqual(shapeOf(known.body));
    expect(headersOf(unknown)).toEqual(headersOf(known));
    const kinds = new Set<string>();
    for (let address = 0; address < 24; address++) {
      const { body } = await startLogin(`stranger-${address}@example.com`);
      const [{ id, transports }] = body.data.allowCredentials;
      kinds.add(`${id.length} ${transports}`);
    }
    expect(kinds.size).toBeGreaterThan(1);
  });

  it.each([{}, { email: 'no address' }, { email: 7 }, { email: 'a@example.com', more: 1 }])(
    '422 for %j',
    async body => {
      const answer = await identity.anonymous().post('/api/v1/webauthn/authenticate/start', body);
      expectError(answer, 422, 'VALIDATION_ERROR');
    },
  );
});

describe('completing a login', () => {
  it('opens a session of a day, counts the use, and audits a login by webauthn', async () => {
    const person = await holder();
    const { status, body } = await login(person);
    expect(status).toBe(200);
    expect(body.data).toEqual({
      access_token: expect.any(String),
      refresh_token: expect.any(String),
      token_type: 'bearer',
      expires_in: 3600,
      user_id: person.userId,
      email: person.email,
      display_name: expect.any(String),
      is_verified: true,
      message: expect.any(String),
    });
    const { sid, amr, org_id } = decodeJwt(body.data.access_token);
    expect([amr, org_id]).toEqual([['pop', 'user', 'mfa'], 1000 + person.userId]);
    const session = await table('sessions').where({ id: sid }).first();
    expect(session.expires_at - session.created_at).toBe(86_400_000);
    expect(await table('passkeys').where({ id: person.passkeyId }).first()).toMatchObject({
      usage_count: 1,
      sign_count: 1,
      last_used_at: expect.any(Date),
    });
    expect(await lastAudited(person.userId)).toMatchObject({
      action: 'auth.login.success',
      metadata: { method: 'webauthn', remember_me: false, session_id: Number(sid) },
    });
  });

  it('takes null and nothing as user handle', async () => {
    const person = await holder();
    expect((await login(person, { userHandle: null })).status).toBe(200);
    const { body } = await startLogin(person.email);
    const assertion = person.authenticator.get(body.data);
    const { userHandle: _, ...response } = assertion.response;
    await completeLogin(person.email, { ...assertion, response }).expect(200);
  });

  it('takes plain base64 with padding as well', async () => {
    const person = await holder();
    const { body } = await startLogin(person.email);
    const { response, ...made } = person.authenticator.get(body.data);
    const plain = (text: string) => Buffer.from(text, 'base64url').toString('base64');
    const all = Object.entries(response).map(([name, text]) => [name, plain(text!)]);
    const assertion = {
      ...made,
      id: plain(made.id),
      rawId: plain(made.rawId),
      response: Object.fromEntries(all),
    };
    await completeLogin(person.email, assertion).expect(200);
  });

  it('takes any of several passkeys', async () => {
    const person = await holder();
    const second = softwareAuthenticator(ORIGIN);
    await register(person, second);
    for (const authenticator of [person.authenticator, second])
      expect((await login({ email: person.email, authenticator })).status).toBe(200);
  });

  it('takes a passkey that has no counter, again and again', async () => {
    const person = await holder();
    for (let use = 0; use < 2; use++) expect((await login(person, { signCount: 0 })).status).toBe(200);
  });

  it('goes on after the password has changed', async () => {
    const person = await holder();
    const change = { current_password: PASSWORD, new_password: 'Brand2new!' };
    await person.caller.post('/api/v1/auth/change-password', change).expect(200);
    expect((await login(person)).status).toBe(200);
  });

  it('answers a retry with its key as the first time, at once or later, with one session', async () => {
    const person = await holder();
    const { body } = await startLogin(person.email);
    const assertion = person.authenticator.get(body.data);
    const key = newKey();
    const retry = () => completeLogin(person.email, assertion, { key });
    const answers = [...(await Promise.all([retry(), retry(), retry()])), await retry()];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(new Set(answers.map(({ body: { data } }) => data.access_token)).size).toBe(1);
  });

  it('works for one of ten at once: a challenge is good once', async () => {
    const person = await holder();
    const { body } = await startLogin(person.email);
    const assertion = person.authenticator.get(body.data);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => completeLogin(person.email, assertion)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(404)]);
    expectError(await completeLogin(person.email, assertion), 404, 'CHALLENGE_NOT_FOUND');
  });

  it('spends the challenge, also where it fails', async () => {
    const person = await holder();
    const { body } = await startLogin(person.email);
    const wrong = person.authenticator.get(body.data, { userVerified: false });
    expectError(await completeLogin(person.email, wrong), 401, 'INVALID_ASSERTION');
    const right = person.authenticator.get(body.data);
    expectError(await completeLogin(person.email, right), 404, 'CHALLENGE_NOT_FOUND');
  });

  it('404 for a challenge of more than 5 minutes ago, which is forgotten then', async () => {
    const person = await holder();
    const { challenge, ...options } = (await startLogin(person.email)).body.data;
    const row = () => table('passkey_logins').where({ challenge });
    const [kept] = await row().select(
      identity.resources.knex.raw('extract(epoch from expires_at - now())::int as seconds'),
    );
    expect(kept.seconds).toBeGreaterThan(200);
    expect(kept.seconds).toBeLessThanOrEqual(300);
    await row().update({ expires_at: new Date(Date.now() - 1_000) });
    const assertion = person.authenticator.get({ challenge, ...options });
    expectError(await completeLogin(person.email, assertion), 404, 'CHALLENGE_NOT_FOUND');
    await dropExpiredLogins(identity.resources.knex);
    expect(await row()).toEqual([]);
  });

  it('422 for what has not the form of an assertion, and the challenge stays', async () => {
    const person = await holder();
    const { body } = await startLogin(person.email);
    const made = person.authenticator.get(body.data);
    const { response } = made;
    for (const credential of [
      null,
      'text',
      { ...made, type: 'password' },
      { ...made, rawId: '' },
      { ...made, response: { ...response, signature: 'x'.repeat(1_400) } },
      { ...made, response: { ...response, userHandle: 'x'.repeat(100) } },
      { ...made, response: { ...response, authenticatorData: { nested: [] } } },
    ])
      expectError(await completeLogin(person.email, credential as object), 422, 'VALIDATION_ERROR');
    const huge = { ...made, further: 'x'.repeat(70_000) };
    expectError(await completeLogin(person.email, huge), 413, 'REQUEST_ENTITY_TOO_LARGE');
    const further = { authenticatorAttachment: { a: [{ b: null }] }, response: { ...response, more: [[1]] } };
    await completeLogin(person.email, { ...made, ...further }).expect(200);
  });

  it('401 for an id that differs from the raw one, and for client data that nobody can read', async () => {
    const person = await holder();
    const other = softwareAuthenticator(ORIGIN).credentialId;
    const { body } = await startLogin(person.email);
    const made = person.authenticator.get(body.data);
    expectError(await completeLogin(person.email, { ...made, rawId: other }), 401, 'INVALID_ASSERTION');
    for (const json of ['null', '{', '[]', '{"challenge":"\\u0000"}', '{"challenge":{"length":43}}']) {
      const started = (await startLogin(person.email)).body.data;
      const { response, ...rest } = person.authenticator.get(started);
      const clientDataJSON = Buffer.from(json).toString('base64url');
      const broken = { ...rest, response: { ...response, clientDataJSON } };
      expectError(await completeLogin(person.email, broken), 401, 'INVALID_ASSERTION');
    }
  });
});

describe('the owner', () => {
  it('is told by mail of a passkey that was added, and of none that was tried', async () => {
    const person = await holder();
    await login(person, { origin: 'https://elsewhere.example' });
    await eventually(() => identity.mail.to(person.email).length === 2);
    expect(identity.mail.to(person.email).map(({ subject }) => subject)).toContain(
      'A passkey was added to your account',
    );
  });
});
