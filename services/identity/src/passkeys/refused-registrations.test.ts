import { expectError } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IdentityUnderTest, startIdentityUnderTest } from '../testing/identity-under-test.ts';
import { ORIGIN, passkeysUnderTest } from '../testing/passkeys-under-test.ts';
import { type Deviation, ES256, softwareAuthenticator } from '../testing/software-authenticator.ts';

let identity: IdentityUnderTest;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
});
afterAll(() => identity.stop());

const { startRegistration, completeRegistration, register, startLogin, holder, login } = passkeysUnderTest(
  () => identity,
);
const bytesOf = (id: string) => Buffer.from(id, 'base64url');
const table = (name: string) => identity.resources.knex(name);

describe('a registration refuses', () => {
  it("another user's challenge", async () => {
    const [person, other] = [await identity.person(), await identity.person()];
    const theirs = (await startRegistration(other)).body.data;
    await startRegistration(person).expect(201);
    const credential = softwareAuthenticator(ORIGIN).create(theirs);
    expectError(await completeRegistration(person, credential), 400, 'INVALID_ATTESTATION');
    await completeRegistration(other, credential).expect(200);
  });

  it('a credential that an account has already, the own or another one', async () => {
    const owner = await holder();
    expectError(await register(owner, owner.authenticator), 400, 'REGISTRATION_COMPLETION_FAILED');
    const thief = softwareAuthenticator(ORIGIN, ES256, bytesOf(owner.authenticator.credentialId));
    expectError(await register(await identity.person(), thief), 400, 'REGISTRATION_COMPLETION_FAILED');
    expect((await login(owner)).status).toBe(200);
  });

  it('the id that an address is offered, alike whether an account has it or it is made up', async () => {
    const [curious, known] = [await identity.person(), await holder()];
    const answers = [];
    for (const email of [
      known.email,
      ...Array.from({ length: 8 }, (_, nth) => `nobody-${nth}@example.com`),
    ]) {
      const [{ id }] = (await startLogin(email)).body.data.allowCredentials;
      const { status, body } = await register(curious, softwareAuthenticator(ORIGIN, ES256, bytesOf(id)));
      answers.push(JSON.stringify([status, { ...body.error, request_id: '' }]));
    }
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain('REGISTRATION_COMPLETION_FAILED');
  });

  it.each<[string, Deviation]>([
    ['another scheme', { origin: 'https://rivergate.test' }],
    ['another port', { origin: 'http://rivergate.test:8081' }],
    ['a subdomain of the origin', { origin: 'http://evil.rivergate.test' }],
    ['another RP id', { rpId: 'example.com' }],
    ['an assertion in its place', { type: 'webauthn.get' }],
    ['no user verification', { userVerified: false }],
    ['no user presence', { userPresent: false }],
    ['a page embedded by another site', { crossOrigin: true }],
    ['algorithm none', { alg: 0 }],
    ['RS1, which was not offered', { alg: -65_535 }],
    ['an attestation with certificates', { attestation: certified('packed') }],
    ['an attestation of another format', { attestation: certified('fido-u2f') }],
    ['an attestation of an unknown format', { attestation: { fmt: 'own', attStmt: new Map() } }],
    ['a statement where there is none', { attestation: { fmt: 'none', attStmt: new Map([['sig', 1]]) } }],
  ])('%s', async (_, deviation) => {
    const person = await identity.person();
    expectError(await register(person, softwareAuthenticator(ORIGIN), deviation), 400, 'INVALID_ATTESTATION');
    expect(await table('passkeys').where({ user_id: person.userId })).toEqual([]);
  });

  it.each<[string, (text: string) => string]>([
    ['cut off', text => text.slice(0, 100)],
    ['nested 8 000 deep', () => Buffer.alloc(8_000, 0x81).toString('base64url')],
    ['a list of 4 billion', () => Buffer.from('9affffffff', 'hex').toString('base64url')],
    ['no map', () => Buffer.from('01', 'hex').toString('base64url')],
  ])('an attestation object that is %s', async (_, changed) => {
    const person = await identity.person();
    const made = softwareAuthenticator(ORIGIN).create((await startRegistration(person)).body.data);
    made.response.attestationObject = changed(made.response.attestationObject);
    expectError(await completeRegistration(person, made), 400, 'INVALID_ATTESTATION');
  });

  it('client data that is not readable, and an id that is not the one that was attested', async () => {
    const person = await identity.person();
    const broken: [string, string][] = [
      ['clientDataJSON', 'null'],
      ['clientDataJSON', '{'],
      ['clientDataJSON', '{"challenge":{"a":1},"origin":[]}'],
    ];
    for (const [member, json] of broken) {
      const made = softwareAuthenticator(ORIGIN).create((await startRegistration(person)).body.data);
      const response = { ...made.response, [member]: Buffer.from(json).toString('base64url') };
      expectError(await completeRegistration(person, { ...made, response }), 400, 'INVALID_ATTESTATION');
    }
    const made = softwareAuthenticator(ORIGIN).create((await startRegistration(person)).body.data);
    const id = softwareAuthenticator(ORIGIN).credentialId;
    expectError(await completeRegistration(person, { ...made, id, rawId: id }), 400, 'INVALID_ATTESTATION');
  });
});

function certified(fmt: string): NonNullable<Deviation['attestation']> {
  const attStmt = new Map<string, unknown>([
    ['alg', -7],
    ['sig', new Uint8Array(70)],
    ['x5c', [new Uint8Array(300)]],
  ]);
  return { fmt, attStmt };
}
