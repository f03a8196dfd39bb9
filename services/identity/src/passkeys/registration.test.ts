import { expectError } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IdentityUnderTest, startIdentityUnderTest } from '../testing/identity-under-test.ts';
import { ORIGIN, passkeysUnderTest, RP_ID } from '../testing/passkeys-under-test.ts';
import { EDDSA, ES256, RS256, softwareAuthenticator } from '../testing/software-authenticator.ts';
import { dropExpiredRegistrations } from './registration-store.ts';

let identity: IdentityUnderTest;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
});
afterAll(() => identity.stop());

const { startRegistration, completeRegistration, register, holder, login } = passkeysUnderTest(
  () => identity,
);
const table = (name: string) => identity.resources.knex(name);

describe('starting a registration', () => {
  it('answers creation options for the caller, with a challenge of 32 bytes that is another each time', async () => {
    const person = await identity.person();
    const [first, { status, body }] = [await startRegistration(person), await startRegistration(person)];
    expect(status).toBe(201);
    expect(body.data).toEqual({
      challenge: expect.stringMatching(/^[\w-]{43}$/),
      rp: { name: 'Rivergate', id: RP_ID },
      user: {
        id: Buffer.from(String(person.userId)).toString('base64url'),
        name: person.email,
        displayName: expect.any(String),
      },
      pubKeyCredParams: [-7, -8, -257].map(alg => ({ type: 'public-key', alg })),
      authenticatorSelection: { userVerification: 'required', residentKey: 'preferred' },
      excludeCredentials: [],
      timeout: 60_000,
      attestation: 'none',
    });
    expect(body.data.challenge).not.toBe(first.body.data.challenge);
  });

  it('names the passkeys that the caller has, so that none is registered twice', async () => {
    const person = await holder();
    const { body } = await startRegistration(person);
    expect(body.data.excludeCredentials).toEqual([
      { id: person.authenticator.credentialId, type: 'public-key', transports: ['hybrid', 'internal'] },
    ]);
  });

  it('replaces the challenge that was pending', async () => {
    const person = await identity.person();
    const authenticator = softwareAuthenticator(ORIGIN);
    const replaced = authenticator.create((await startRegistration(person)).body.data);
    await startRegistration(person).expect(201);
    expectError(await completeRegistration(person, replaced), 400, 'INVALID_ATTESTATION');
  });

  it('is for no more than 20 passkeys, also where several are completed', async () => {
    const person = await holder();
    const started = await startRegistration(person).expect(201);
    const rows = Array.from({ length: 19 }, (_, index) => ({
      user_id: person.userId,
      credential_id: `${person.userId} ${index}`,
      public_key: Buffer.alloc(1),
      transports: [],
      sign_count: 0,
      device_name: 'Drawer',
    }));
    await table('passkeys').insert(rows);
    expectError(await startRegistration(person), 400, 'REGISTRATION_START_FAILED');
    const one = softwareAuthenticator(ORIGIN).create(started.body.data);
    expectError(await completeRegistration(person, one), 400, 'REGISTRATION_COMPLETION_FAILED');
  });

  it('takes an account that is there and not suspended', async () => {
    const person = await identity.person();
    const started = (await startRegistration(person).expect(201)).body.data;
    const user = table('users').where({ id: person.userId });
    await user.clone().update({ disabled_at: new Date() });
    expectError(await startRegistration(person), 404, 'USER_NOT_FOUND');
    const credential = softwareAuthenticator(ORIGIN).create(started);
    expectError(await completeRegistration(person, credential), 404, 'USER_NOT_FOUND');
    await user.clone().delete();
    expectError(await startRegistration(person), 404, 'USER_NOT_FOUND');
  });

  it.each([
    {},
    { device_name: '' },
    { device_name: 'x'.repeat(101) },
    { device_name: 7 },
    { device_name: 'a\u200bb' },
  ])('422 for %j', async body => {
    const person = await identity.person();
    expectError(await person.caller.post('/api/v1/webauthn/register/start', body), 422, 'VALIDATION_ERROR');
  });
});

describe('completing a registration', () => {
  it.each([
    ['ES256', ES256],
    ['EdDSA', EDDSA],
    ['RS256', RS256],
  ] as const)('stores a key for %s, with which its owner logs in', async (_, alg) => {
    const person = await holder(alg);
    expect((await login(person)).status).toBe(200);
  });

  it('answers what was stored, audits it and tells the owner by mail', async () => {
    const person = await identity.person();
    const authenticator = softwareAuthenticator(ORIGIN);
    const { status, body } = await register(person, authenticator);
    expect(status).toBe(200);
    expect(body.data).toEqual({
      credential_id: expect.any(Number),
      device_name: 'Laptop',
      created_at: expect.any(String),
      message: expect.any(String),
    });
    expect(await table('passkeys').where({ id: body.data.credential_id }).first()).toMatchObject({
      user_id: person.userId,
      credential_id: authenticator.credentialId,
      transports: ['hybrid', 'internal'],
      usage_count: 0,
      last_used_at: null,
    });
    expect((await identity.audited(person.userId)).at(-1)).toMatchObject({
      action: 'auth.passkey.registered',
      metadata: { passkey_id: body.data.credential_id, device_name: 'Laptop' },
    });
    const mail = await identity.mail.nth(person.email, 2);
    expect(mail.subject).toBe('A passkey was added to your account');
    expect(mail.text).toContain('"Laptop"');
  });

  it('takes plain base64 with padding as well', async () => {
    const person = await identity.person();
    // Its id in base64 has both characters that base64url writes otherwise, and padding.
    const authenticator = softwareAuthenticator(
      ORIGIN,
      ES256,
      Buffer.from('fbefbefbefbeffffff00'.repeat(2), 'hex'),
    );
    const made = authenticator.create((await startRegistration(person)).body.data);
    const plain = (text: string) => Buffer.from(text, 'base64url').toString('base64');
    const { attestationObject, clientDataJSON } = made.response;
    const credential = {
      ...made,
      id: plain(made.id),
      rawId: plain(made.rawId),
      response: { attestationObject: plain(attestationObject), clientDataJSON: plain(clientDataJSON) },
    };
    expect(credential.id).toMatch(/\+.*\/.*=/);
    await completeRegistration(person, credential).expect(200);
    const { body } = await person.caller.get('/api/v1/webauthn/credentials');
    expect(body.data.credentials[0].credential_id).toBe(authenticator.credentialId);
  });

  it('takes an attestation by the key itself, as browsers pass it on', async () => {
    const person = await identity.person();
    const { body } = await startRegistration(person);
    const signed = softwareAuthenticator(ORIGIN).selfAttested(body.data);
    await completeRegistration(person, signed).expect(200);
  });

  it('passes over further members of the credential, whatever they hold', async () => {
    const person = await identity.person();
    const made = softwareAuthenticator(ORIGIN).create((await startRegistration(person)).body.data);
    const further = { nested: { deep: [{ deeper: [1, 'two', null] }] } };
    const credential = {
      ...made,
      ...further,
      clientExtensionResults: further,
      response: { ...made.response, ...further },
    };
    await completeRegistration(person, credential).expect(200);
  });

  it('spends the challenge, whether it succeeds or not; of ten at once one succeeds', async () => {
    const person = await identity.person();
    const [one, other] = [softwareAuthenticator(ORIGIN), softwareAuthenticator(ORIGIN)];
    const started = (await startRegistration(person)).body.data;
    const wrong = one.create(started, { origin: 'https://elsewhere.example' });
    expectError(await completeRegistration(person, wrong), 400, 'INVALID_ATTESTATION');
    expectError(await completeRegistration(person, one.create(started)), 404, 'CHALLENGE_NOT_FOUND');

    const again = other.create((await startRegistration(person)).body.data);
    const answers = await Promise.all(Array.from({ length: 10 }, () => completeRegistration(person, again)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(404)]);
  });

  it('answers a retry with its key as the first time', async () => {
    const person = await identity.person();
    const credential = softwareAuthenticator(ORIGIN).create((await startRegistration(person)).body.data);
    const options = { headers: { 'idempotency-key': 'registration-1' } };
    const answers = await Promise.all(
      Array.from({ length: 3 }, () => completeRegistration(person, credential, 'Laptop', options)),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  });

  it('404 without a challenge, or for one of more than 5 minutes ago', async () => {
    const person = await identity.person();
    const authenticator = softwareAuthenticator(ORIGIN);
    const started = (await startRegistration(person)).body.data;
    const [row] = await table('passkey_registrations')
      .where({ user_id: person.userId })
      .select(identity.resources.knex.raw('extract(epoch from expires_at - now())::int as seconds'));
    expect(row.seconds).toBeGreaterThan(200);
    expect(row.seconds).toBeLessThanOrEqual(300);
    await table('passkey_registrations')
      .where({ user_id: person.userId })
      .update({ expires_at: new Date(Date.now() - 1_000) });
    expectError(
      await completeRegistration(person, authenticator.create(started)),
      404,
      'CHALLENGE_NOT_FOUND',
    );
    await dropExpiredRegistrations(identity.resources.knex);
    expect(await table('passkey_registrations').where({ user_id: person.userId })).toEqual([]);
    expectError(
      await completeRegistration(person, authenticator.create(started)),
      404,
      'CHALLENGE_NOT_FOUND',
    );
  });

  it('400 under another name than it was started with, and the challenge is spent', async () => {
    const person = await identity.person();
    const credential = softwareAuthenticator(ORIGIN).create((await startRegistration(person)).body.data);
    expectError(
      await completeRegistration(person, credential, 'Phone'),
      400,
      'REGISTRATION_COMPLETION_FAILED',
    );
    expectError(await completeRegistration(person, credential), 404, 'CHALLENGE_NOT_FOUND');
  });

  it('422 for what has not the form of a credential, and for a huge one; the challenge stays', async () => {
    const person = await identity.person();
    const made = softwareAuthenticator(ORIGIN).create((await startRegistration(person)).body.data);
    const { response } = made;
    for (const credential of [
      null,
      [],
      {},
      { ...made, type: 'password' },
      { ...made, id: 'not base64!' },
      { ...made, id: 'x'.repeat(1_400) },
      { ...made, response: { ...response, attestationObject: 'x'.repeat(17_000) } },
      { ...made, response: { ...response, clientDataJSON: undefined } },
      { ...made, response: { ...response, transports: [{}] } },
    ])
      expectError(await completeRegistration(person, credential as object), 422, 'VALIDATION_ERROR');
    const huge = { ...made, further: 'x'.repeat(70_000) };
    expectError(await completeRegistration(person, huge), 413, 'REQUEST_ENTITY_TOO_LARGE');
    const deep = { ...made, further: JSON.parse(`${'['.repeat(100)}${']'.repeat(100)}`) };
    expectError(await completeRegistration(person, deep), 400, 'MALFORMED_REQUEST');
    await completeRegistration(person, made).expect(200);
  });
});
