import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';
import { ensureSigningKeys, rotateSigningKeys } from './rotate-signing-key.ts';
import { SIGNING_ALGORITHMS, type SigningAlgorithm } from './signing-key-store.ts';
import { signingKeys } from './signing-keys.ts';

let identity: IdentityUnderTest;
let person: Person;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
  person = await identity.person();
});
afterAll(() => identity.stop());

/** As another process of the service, which has read nothing yet. */
const freshKeys = async () => {
  const { knex, secretBox, log } = identity.resources;
  const keys = signingKeys(knex, secretBox, log);
  await keys.read();
  keys.stop();
  return keys;
};
const rotate = (rotation: { olderThanSeconds: number; leadSeconds: number }) =>
  rotateSigningKeys(identity.resources.knex, identity.resources.secretBox, rotation);
/** An access token, or an ID token of the algorithm that is not that of access tokens. */
const signedNow = async (alg: SigningAlgorithm = 'ES256') => {
  const claims = {
    iss: 'http://rivergate.test',
    aud: 'rivergate',
    sub: '1',
    sid: 1,
    org_id: null,
    auth_time: 0,
    amr: [],
    scope: '',
  };
  const now = Math.floor(Date.now() / 1000);
  const all = { ...claims, iat: now, exp: now + 60, jti: 'x' };
  const keys = await freshKeys();
  return alg === 'ES256' ? keys.sign(all) : keys.signIdToken(all, alg);
};
const verifies = async (token: string, alg: SigningAlgorithm = 'ES256') => {
  const keys = createLocalJWKSet((await freshKeys()).published());
  const expected = {
    issuer: 'http://rivergate.test',
    audience: 'rivergate',
    algorithms: [alg],
    typ: alg === 'ES256' ? 'at+jwt' : 'JWT',
  };
  return jwtVerify(token, keys, expected).then(
    () => true,
    () => false,
  );
};

describe('signing keys', () => {
  it('are published with their public half alone, outside the envelope', async () => {
    const { status, body } = await identity.anonymous().get('/.well-known/jwks.json');
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(['keys']);
    expect(body.keys.map((key: object) => Object.keys(key).sort())).toEqual([
      ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'],
      ['alg', 'e', 'kid', 'kty', 'n', 'use'],
    ]);
    expect(await verifies(person.accessToken)).toBe(true);
  });
  it('are sealed in the database, for their own row', async () => {
    const { knex, secretBox } = identity.resources;
    const { kid, private_jwk_sealed } = await knex('signing_keys').first();
    expect(private_jwk_sealed).not.toContain('"d"');
    expect(() => secretBox.open(private_jwk_sealed, 'identity signing key other')).toThrow();
    expect(JSON.parse(secretBox.open(private_jwk_sealed, `identity signing key ${kid}`)).d).toBeTypeOf(
      'string',
    );
  });
  it('are one of each algorithm, however many processes boot at once', async () => {
    const { knex, secretBox } = identity.resources;
    await knex.transaction(async db => {
      await db('signing_keys').delete();
    });
    const made = await Promise.all(Array.from({ length: 4 }, () => ensureSigningKeys(knex, secretBox)));
    expect(made.flat()).toHaveLength(2);
    expect(await knex('signing_keys').orderBy('alg').pluck('alg')).toEqual(['ES256', 'RS256']);
  });
  it('stay until they are old enough', async () => {
    expect(await rotate({ olderThanSeconds: 3600, leadSeconds: 0 })).toEqual([]);
  });
});

describe.each(SIGNING_ALGORITHMS)('signing keys of %s', alg => {
  const index = SIGNING_ALGORITHMS.indexOf(alg);

  it('are published before they sign', async () => {
    const before = await signedNow(alg);
    const next = (await rotate({ olderThanSeconds: 0, leadSeconds: 300 }))[index];
    expect((await freshKeys()).published().keys.map(key => key.kid)).toContain(next);
    expect(decodeProtectedHeader(await signedNow(alg)).kid).toBe(decodeProtectedHeader(before).kid);
    await identity.resources.knex('signing_keys').where({ kid: next }).update({ signs_from: new Date() });
    expect(decodeProtectedHeader(await signedNow(alg)).kid).toBe(next);
  });
  it('stay published until the last token they signed has expired, then go', async () => {
    const old = await signedNow(alg);
    const { kid } = decodeProtectedHeader(old);
    await rotate({ olderThanSeconds: 0, leadSeconds: 0 });
    expect(decodeProtectedHeader(await signedNow(alg)).kid).not.toBe(kid);
    expect(await verifies(old, alg)).toBe(true);
    const { knex } = identity.resources;
    const row = await knex('signing_keys').where({ kid }).first();
    expect(row.published_until - Date.now()).toBeGreaterThan(3600_000);

    await knex('signing_keys').where({ kid }).update({ published_until: new Date() });
    expect(await verifies(old, alg)).toBe(false);
    await rotate({ olderThanSeconds: 0, leadSeconds: 0 });
    expect(await knex('signing_keys').where({ kid }).first()).toBeUndefined();
  });
  it('leave an event and an audit entry when they change', async () => {
    const kid = (await rotate({ olderThanSeconds: 0, leadSeconds: 0 }))[index];
    const rows = await identity.resources.knex.transaction(async db => {
      await db.raw("select set_config('rivergate.scope', 'platform', true)");
      return db('audit_log').where({ action: 'auth.signing_key.rotated', subject: kid });
    });
    expect(rows).toMatchObject([{ actor: 'service:identity', metadata: { key_id: kid } }]);
  });
});

describe('rotate-now', () => {
  it('replaces the key in the environment of the service', async () => {
    const script = join(import.meta.dirname, 'rotate-now.ts');
    const env = { ...process.env, NODE_OPTIONS: '', ...identity.environment.of('identity') };
    const { stdout } = await promisify(execFile)(process.execPath, [script], { env });
    for (const alg of SIGNING_ALGORITHMS)
      expect(stdout).toContain(decodeProtectedHeader(await signedNow(alg)).kid);
  });
});

describe('a burst of logins', () => {
  it('is served although every connection is held by a request that signs', async () => {
    const logins = await Promise.all(Array.from({ length: 24 }, () => identity.login(person.email)));
    expect(new Set(logins.map(({ status }) => status))).toEqual(new Set([200]));
  });
});
