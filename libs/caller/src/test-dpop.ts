import { createHash, randomUUID } from 'node:crypto';
import { CompactSign, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';

/** A client that proves to have a key. */
export interface Prover {
  /** RFC 7638 */
  thumbprint: string;
  /** The public key, and the whole one. */
  publicJwk: JWK;
  privateJwk: JWK;
  /** A proof for a request; `claims` and `header` stand in place of what is right. */
  prove(
    request: { method: string; url: string; accessToken?: string },
    more?: { claims?: Record<string, unknown>; header?: Record<string, unknown>; signWith?: Uint8Array },
  ): Promise<string>;
}

/** @param algorithm of its key, and of its proofs */
export async function startProver(
  algorithm = 'ES256',
  options: { modulusLength?: number } = {},
): Promise<Prover> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true, ...options });
  const [publicJwk, privateJwk] = [await exportJWK(publicKey), await exportJWK(privateKey)];
  return {
    thumbprint: await calculateJwkThumbprint(publicJwk),
    publicJwk,
    privateJwk,
    prove({ method, url, accessToken }, { claims = {}, header = {}, signWith } = {}) {
      const usual = {
        jti: randomUUID(),
        htm: method,
        htu: url,
        iat: Math.floor(Date.now() / 1_000),
        ...(accessToken === undefined
          ? {}
          : { ath: createHash('sha256').update(accessToken).digest('base64url') }),
      };
      return new CompactSign(new TextEncoder().encode(JSON.stringify({ ...usual, ...claims })))
        .setProtectedHeader({ alg: algorithm, typ: 'dpop+jwt', jwk: publicJwk, ...header })
        .sign(signWith ?? privateKey);
    },
  };
}

/** The same proof without a signature (RFC 7515, appendix A.5). */
export function unsigned(proof: string): string {
  const [header, payload] = proof.split('.');
  const { jwk, typ } = JSON.parse(Buffer.from(header!, 'base64url').toString());
  const none = Buffer.from(JSON.stringify({ alg: 'none', typ, jwk })).toString('base64url');
  return `${none}.${payload}.`;
}
