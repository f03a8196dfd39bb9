import { expectError, type TestAnswer } from '@rivergate/testing';
import * as webauthn from '@simplewebauthn/server';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type IdentityUnderTest, startIdentityUnderTest } from '../testing/identity-under-test.ts';
import { ORIGIN, passkeysUnderTest, RP_ID } from '../testing/passkeys-under-test.ts';
import { type Deviation, softwareAuthenticator } from '../testing/software-authenticator.ts';

vi.mock('@simplewebauthn/server', { spy: true });

let identity: IdentityUnderTest;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
});
afterAll(() => identity.stop());

const { startLogin, completeLogin, login, holder } = passkeysUnderTest(() => identity);
const table = (name: string) => identity.resources.knex(name);
const lastAudited = async (userId: number) => (await identity.audited(userId)).at(-1);
/** What a stranger sees of an answer, but for the id of the request. */
const visible = ({ status, body, text }: TestAnswer) => [
  status,
  { ...body.error, request_id: '' },
  text.length,
];

describe('a login refuses, and notes it in the history,', () => {
  it.each<[string, Deviation]>([
    ['another scheme', { origin: 'https://rivergate.test' }],
    ['another port', { origin: 'http://rivergate.test:8081' }],
    ['a subdomain of the origin', { origin: 'http://evil.rivergate.test' }],
    ['another RP id', { rpId: 'example.com' }],
    ['a registration in its place', { type: 'webauthn.create' }],
    ['no user verification', { userVerified: false }],
    ['no user presence', { userPresent: false, userVerified: false }],
    ['a page embedded by another site', { crossOrigin: true }],
    ['the user handle of another', { userHandle: Buffer.from('1').toString('base64url') }],
    ['a challenge that was not given', { challenge: 'A'.repeat(43) }],
  ])('%s', async (_, deviation) => {
    const person = await holder();
    expectError(await login(person, deviation), 401, 'INVALID_ASSERTION');
    expect(await lastAudited(person.userId)).toMatchObject({
      action: 'auth.login.failure',
      metadata: { reason: 'invalid_assertion' },
    });
    const { body } = await person.caller.get('/api/v1/auth/login-history?filter=failure');
    expect(body.data.history[0].metadata.reason).toBe('invalid_assertion');
    expect((await login(person)).status).toBe(200);
  });

  it('what was changed after it was signed', async () => {
    const person = await holder();
    for (const part of ['signature', 'authenticatorData'] as const) {
      const { body } = await startLogin(person.email);
      const assertion = person.authenticator.get(body.data);
      const bytes = Buffer.from(assertion.response[part]!, 'base64url');
      bytes[bytes.length - 1]! ^= 1;
      assertion.response[part] = bytes.toString('base64url');
      expectError(await completeLogin(person.email, assertion), 401, 'INVALID_ASSERTION');
    }
  });

  it('a signature of another key under the id of a passkey', async () => {
    const person = await holder();
    const forger = softwareAuthenticator(
      ORIGIN,
      undefined,
      Buffer.from(person.authenticator.credentialId, 'base64url'),
    );
    const forged = { email: person.email, authenticator: forger };
    expectError(await login(forged), 401, 'INVALID_ASSERTION');
  });

  it('a replayed assertion, in this login and in a later one', async () => {
    const person = await holder();
    const { body } = await startLogin(person.email);
    const assertion = person.authenticator.get(body.data);
    await completeLogin(person.email, assertion).expect(200);
    expectError(await completeLogin(person.email, assertion), 404, 'CHALLENGE_NOT_FOUND');
    await startLogin(person.email).expect(200);
    expectError(await completeLogin(person.email, assertion), 401, 'INVALID_ASSERTION');
    const failures = (await identity.audited(person.userId)).filter(
      ({ metadata }) => metadata.reason === 'invalid_assertion',
    );
    expect(failures).toHaveLength(2);
  });

  it("another user's passkey, and another user's challenge", async () => {
    const [person, other] = [await holder(), await holder()];
    const foreign = { email: person.email, authenticator: other.authenticator };
    expectError(await login(foreign), 401, 'INVALID_CREDENTIAL');
    const theirs = (await startLogin(other.email)).body.data;
    const answered = person.authenticator.get(theirs);
    expectError(await completeLogin(person.email, answered), 404, 'CHALLENGE_NOT_FOUND');
    await completeLogin(other.email, other.authenticator.get(theirs)).expect(200);
  });

  it('a passkey that was deleted, also after the login was started', async () => {
    const person = await holder();
    const { body } = await startLogin(person.email);
    await person.caller.delete(`/api/v1/webauthn/credentials/${person.passkeyId}`).expect(200);
    const assertion = person.authenticator.get(body.data);
    expectError(await completeLogin(person.email, assertion), 401, 'INVALID_CREDENTIAL');
  });

  it('a counter that does not grow, which is audited as a possible clone', async () => {
    const person = await holder();
    expect((await login(person, { signCount: 7 })).status).toBe(200);
    for (const signCount of [7, 6, 0]) {
      expectError(await login(person, { signCount }), 401, 'INVALID_ASSERTION');
      const [suspected, refused] = (await identity.audited(person.userId)).slice(-2);
      expect(suspected).toMatchObject({
        action: 'auth.passkey.clone_suspected',
        metadata: { passkey_id: person.passkeyId, device_name: 'Laptop' },
      });
      expect(refused).toMatchObject({ metadata: { reason: 'invalid_assertion' } });
    }
    expect((await login(person, { signCount: 8 })).status).toBe(200);
  });

  it('one of two copies that are used at once', async () => {
    const person = await holder();
    const started = await Promise.all([startLogin(person.email), startLogin(person.email)]);
    const answers = await Promise.all(
      started.map(({ body }) =>
        completeLogin(person.email, person.authenticator.get(body.data, { signCount: 3 })),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);
  });

  it('nobody as a clone who has not the key', async () => {
    const person = await holder();
    await login(person, { signCount: 7 });
    const { body } = await startLogin(person.email);
    const forged = person.authenticator.get(body.data, { signCount: 1 });
    forged.response.signature = forged.response.signature!.replace(/.{8}$/, 'AAAAAAAA');
    expectError(await completeLogin(person.email, forged), 401, 'INVALID_ASSERTION');
    const actions = (await identity.audited(person.userId)).map(({ action }) => action);
    expect(actions).not.toContain('auth.passkey.clone_suspected');
  });
});

describe('a login to an account that may not log in', () => {
  it('403 when it is suspended and the assertion right; before that nothing tells', async () => {
    const person = await holder();
    await table('users').where({ id: person.userId }).update({ disabled_at: new Date() });
    expectError(await login(person), 403, 'ACCOUNT_DISABLED');
    expect((await lastAudited(person.userId))?.metadata.reason).toBe('account_disabled');
    expectError(await login(person, { origin: 'https://elsewhere.example' }), 401, 'INVALID_ASSERTION');
  });

  it('400 when its address is not verified', async () => {
    const person = await holder();
    await table('users').where({ id: person.userId }).update({ verified_at: null });
    expectError(await login(person), 400, 'AUTHENTICATION_COMPLETION_FAILED');
    expect((await lastAudited(person.userId))?.metadata.reason).toBe('email_not_verified');
  });
});

describe('a login with an unknown address', () => {
  const unknown = 'unheard-of@example.com';
  /** Tries the credential that is offered for an address, by a key of one's own. */
  const forge = async (email: string) => {
    const { body } = await startLogin(email);
    const id = Buffer.from(body.data.allowCredentials[0].id, 'base64url');
    return completeLogin(email, softwareAuthenticator(ORIGIN, undefined, id).get(body.data));
  };
  const tryAnother = async (email: string) => {
    const { body } = await startLogin(email);
    return completeLogin(email, softwareAuthenticator(ORIGIN).get(body.data));
  };
  const tryUnstarted = (email: string) =>
    completeLogin(email, softwareAuthenticator(ORIGIN).get({ challenge: 'A'.repeat(43), rpId: RP_ID }), {
      ip: '198.51.100.9',
    });

  it('each check answers as for a known one, with and without a passkey', async () => {
    const [withPasskey, without] = [await holder(), await identity.person()];
    for (const [attempt, status, code] of [
      [tryUnstarted, 404, 'CHALLENGE_NOT_FOUND'],
      [tryAnother, 401, 'INVALID_CREDENTIAL'],
      [forge, 401, 'INVALID_ASSERTION'],
    ] as const) {
      const answer = await attempt(unknown);
      expectError(answer, status, code);
      for (const { email } of [withPasskey, without])
        expect(visible(await attempt(email))).toEqual(visible(answer));
    }
  });

  it('takes the same statements and as many signatures as a known one, with and without a passkey', async () => {
    const [withPasskey, without] = [await holder(), await identity.person()];
    const { knex } = identity.resources;
    const workOf = async (attempt: (email: string) => Promise<unknown>, email: string) => {
      const statements: string[] = [];
      const note = ({ sql }: { sql: string }) => {
        if (/passkey|email_addresses|audit_log/.test(sql)) statements.push(sql);
      };
      vi.mocked(webauthn.verifyAuthenticationResponse).mockClear();
      knex.on('query', note);
      await attempt(email);
      knex.off('query', note);
      return { statements, signatures: vi.mocked(webauthn.verifyAuthenticationResponse).mock.calls.length };
    };
    for (const [attempt, signatures] of [
      [startLogin, 0],
      [tryUnstarted, 0],
      [tryAnother, 0],
      [forge, 1],
    ] as const) {
      const work = await workOf(attempt, unknown);
      expect(work.signatures).toBe(signatures);
      expect(work.statements.length).toBeGreaterThan(2);
      for (const { email } of [withPasskey, without]) expect(await workOf(attempt, email)).toEqual(work);
    }
  });

  it('is audited, and the log does not hold it in clear', async () => {
    await forge(unknown);
    const rows: object[] = await identity.resources.knex.transaction(async db => {
      await db.raw("select set_config('rivergate.scope', 'platform', true)");
      return db('audit_log').where({ action: 'auth.login.failure', actor_user_id: null });
    });
    expect(rows).toContainEqual(
      expect.objectContaining({ metadata: { user_id: null, reason: 'invalid_assertion' } }),
    );
    expect(JSON.stringify(rows)).not.toContain('unheard-of');
  });
});

describe('networks', () => {
  it('spends nobody else’s challenge by an attempt from another network', async () => {
    const person = await holder();
    const { body } = await startLogin(person.email);
    const junk = softwareAuthenticator(ORIGIN).get({ challenge: 'A'.repeat(43), rpId: RP_ID });
    const elsewhere = { ip: '198.51.100.9' };
    expectError(await completeLogin(person.email, junk, elsewhere), 404, 'CHALLENGE_NOT_FOUND');
    await completeLogin(person.email, person.authenticator.get(body.data)).expect(200);
  });

  it('goes on in another network than it was started in', async () => {
    const person = await holder();
    const { body } = await startLogin(person.email);
    const roaming = { ip: '198.51.100.9' };
    await completeLogin(person.email, person.authenticator.get(body.data), roaming).expect(200);
  });
});
