import { createHash } from 'node:crypto';
import { equal } from '@rivergate/secrets';
import { calculateJwkThumbprint, EmbeddedJWK, type JWTVerifyResult, jwtVerify } from 'jose';
import { CLIENT_ALGORITHMS, isPrivateJwk } from './client-keys.ts';

/** Seconds by which the clock of a client may differ: for as long before and after its time a proof is good. */
export const DPOP_WINDOW = 60;

/** Characters; enough for an RSA key of 4096 bits, and no more work than that. */
const LONGEST = 3_000;
const LONGEST_ID = 256;

/** A proof that is in order. */
export interface DpopProof {
  /** SHA-256 of the public key (RFC 7638), base64url: what tokens are bound to. */
  keyThumbprint: string;
  /** Its `jti`, which the client may use once. */
  id: string;
  nonce: string | undefined;
}

/** Why a proof does not count, in words for the client. */
export class InvalidDpopProof extends Error {
  override readonly name = 'InvalidDpopProof';
}

/**
 * Checks a proof of possession for one request (RFC 9449, section 4.3), but not that it comes for the first time.
 *
 * @param request `url` as the client knows it; `accessToken` where the request brings one
 * @throws InvalidDpopProof
 */
export async function verifyDpopProof(
  proof: string,
  request: { method: string; url: string; accessToken?: string },
): Promise<DpopProof> {
  if (proof.length > LONGEST) throw new InvalidDpopProof('it is too long');
  const { payload, protectedHeader } = await verified(proof);
  const { jti, htm, htu, iat, ath, nonce } = payload;
  if (typeof jti !== 'string' || jti.length === 0 || jti.length > LONGEST_ID)
    throw new InvalidDpopProof('jti is no text of up to 256 characters');
  if (htm !== request.method) throw new InvalidDpopProof('htm is not the method of the request');
  if (typeof htu !== 'string' || targetOf(htu) === null || targetOf(htu) !== targetOf(request.url))
    throw new InvalidDpopProof('htu is not the address of the request');
  if (typeof iat !== 'number' || Math.abs(Date.now() / 1_000 - iat) > DPOP_WINDOW)
    throw new InvalidDpopProof(`iat is further than ${DPOP_WINDOW} seconds from now`);
  if (request.accessToken !== undefined) {
    const hash = createHash('sha256').update(request.accessToken).digest('base64url');
    if (typeof ath !== 'string' || !equal(ath, hash))
      throw new InvalidDpopProof('ath is not the hash of the access token');
  }
  if (nonce !== undefined && typeof nonce !== 'string') throw new InvalidDpopProof('nonce is no text');
  return { keyThumbprint: await calculateJwkThumbprint(protectedHeader.jwk!), id: jti, nonce };
}

async function verified(proof: string): Promise<JWTVerifyResult<Record<string, unknown>>> {
  const result = await jwtVerify<Record<string, unknown>>(proof, EmbeddedJWK, {
    typ: 'dpop+jwt',
    algorithms: [...CLIENT_ALGORITHMS],
  }).catch(() => {
    throw new InvalidDpopProof(
      'it has to be a JWT of the type dpop+jwt, signed by the key in its header with ' +
        CLIENT_ALGORITHMS.join(', '),
    );
  });
  const { jwk } = result.protectedHeader;
  if (isPrivateJwk(jwk!)) throw new InvalidDpopProof('its key is a private one');
  return result;
}

/** What is the same for all spellings of an address, without query and fragment (RFC 3986, section 6.2.2). */
function targetOf(address: string): string | null {
  const url = URL.parse(address);
  if (url === null) return null;
  const path = url.pathname.replace(/%[0-9a-f]{2}/gi, encoded => {
    const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
    return /[\w.~-]/.test(character) ? character : encoded.toUpperCase();
  });
  // The handshake of a WebSocket is a request like any other (RFC 6455, section 4.1).
  return `${url.protocol.replace(/^ws/, 'http')}//${url.host}${path}`;
}
