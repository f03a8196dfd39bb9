import { randomUUID } from 'node:crypto';
import { startProver } from '@rivergate/caller/test-dpop';
import { CompactSign, importJWK, type JWK } from 'jose';
import { ASSERTION_TYPE } from '../oauth/client-assertion/asserted-client.ts';
import { ISSUER } from './oauth-fixture.ts';

/** A key by which a client proves itself. */
export interface AssertingKey {
  /** As it is registered. */
  jwk: JWK;
  privateJwk: JWK;
  /** An assertion of a client; `claims` and `header` stand in place of what is right. */
  assert(
    clientId: string,
    more?: { claims?: Record<string, unknown>; header?: Record<string, unknown>; signWith?: Uint8Array },
  ): Promise<string>;
  /** Parameters that prove a client, in place of its secret. */
  proof(clientId: string, more?: Parameters<AssertingKey['assert']>[1]): Promise<Record<string, string>>;
}

/** @param algorithm of the key, and of its assertions */
export async function startAssertingKey(
  kid: string | undefined = 'first',
  algorithm = 'ES256',
  options: { modulusLength?: number } = {},
): Promise<AssertingKey> {
  const { publicJwk, privateJwk } = await startProver(algorithm, options);
  const named = kid === undefined ? {} : { kid };
  const key = await importJWK(privateJwk, algorithm);
  const own: AssertingKey = {
    jwk: { ...publicJwk, ...named },
    privateJwk: { ...privateJwk, ...named },
    assert(clientId, { claims = {}, header = {}, signWith } = {}) {
      const now = Math.floor(Date.now() / 1_000);
      const usual = { iss: clientId, sub: clientId, aud: ISSUER, jti: randomUUID(), iat: now, exp: now + 60 };
      return new CompactSign(new TextEncoder().encode(JSON.stringify({ ...usual, ...claims })))
        .setProtectedHeader({ alg: algorithm, ...named, ...header })
        .sign(signWith ?? key);
    },
    proof: async (clientId, more) => ({
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: await own.assert(clientId, more),
    }),
  };
  return own;
}
