import {
  CLIENT_ALGORITHMS,
  type DpopNonces,
  InvalidDpopProof,
  useDpopProof,
  verifyDpopProof,
} from '@rivergate/caller/dpop';
import { Unauthorized, UpstreamUnavailable } from '@rivergate/endpoint';
import type { RedisClient } from '@rivergate/redis';
import type { Exchange } from '../exchange.ts';
import type { AccessToken } from './access-token.ts';

/** The scheme under which a token comes that is bound to a key. */
const SCHEME = 'dpop ';

const algorithms = `algs="${CLIENT_ALGORITHMS.join(' ')}"`;

/** How to authenticate: by a token alone, or by one and a proof (RFC 9449, section 7.1). */
export const CHALLENGES = `Bearer, DPoP ${algorithms}`;

/** The token of an Authorization header of the scheme DPoP; undefined for another scheme, whose case does not matter. */
export function dpopTokenOf(authorization: string): string | undefined {
  const [length, first] = [SCHEME.length, authorization.charCodeAt(0) | 0x20];
  if (first !== SCHEME.charCodeAt(0) || authorization.slice(0, length).toLowerCase() !== SCHEME)
    return undefined;
  return authorization.slice(length).trim();
}

/** A token, and whether it came by the scheme for those that are bound. */
export type SentToken = { token: string; asBound: boolean };

/** Makes sure that who sends a token has the key that it is bound to; of one that is bound, or came as if it were. */
export type ProvePossession = (exchange: Exchange, sent: SentToken, accepted: AccessToken) => Promise<void>;

/**
 * Each request brings a proof of its own (RFC 9449, section 7), which counts once at all gateways together.
 *
 * @param nonces what proofs have to repeat (section 9); null where nothing
 * @throws Unauthorized; UpstreamUnavailable while nobody can know whether a proof was used
 */
export function proofOfPossession(
  publicUrl: string,
  redis: RedisClient,
  nonces: DpopNonces | null,
): ProvePossession {
  return async (exchange, { token, asBound }, { keyThumbprint }) => {
    if (!asBound)
      throw refusal(
        'This access token is bound to a key: send it by the scheme DPoP, with a proof',
        `Bearer error="invalid_token", DPoP ${algorithms}`,
      );
    if (keyThumbprint === null)
      throw refusal(
        'This access token is bound to no key: send it by the scheme Bearer',
        dpopError('invalid_token'),
      );
    const { method = '', url = '', headers } = exchange.request;
    const { dpop } = headers;
    if (typeof dpop !== 'string') throw invalidProof('there is none');
    const request = { method, url: publicUrl + pathOf(url), accessToken: token };
    const proof = await verifyDpopProof(dpop, request).catch(cause => {
      throw cause instanceof InvalidDpopProof ? invalidProof(cause.message) : cause;
    });
    if (proof.keyThumbprint !== keyThumbprint)
      throw refusal(
        'The proof is by another key than the access token is bound to',
        dpopError('invalid_token'),
      );
    if (nonces && !nonces.isFresh(proof.nonce))
      throw Unauthorized('The DPoP proof has to repeat the nonce of the header DPoP-Nonce', [], {
        'WWW-Authenticate': dpopError('use_dpop_nonce'),
        'DPoP-Nonce': nonces.current(),
      });
    const isFirst = await useDpopProof(redis, proof).catch(() => {
      throw UpstreamUnavailable('Whether the DPoP proof was used before cannot be known; try again shortly');
    });
    if (!isFirst) throw invalidProof('it was used before');
    const nonce = nonces?.current();
    if (nonce !== undefined && nonce !== proof.nonce) exchange.dpopNonce = nonce;
  };
}

/** Of a request target, which a proxy may have sent in absolute form (RFC 9112, section 3.2.2). */
const pathOf = (target: string) => (target.startsWith('/') ? target : new URL(target).pathname);

const dpopError = (code: string) => `DPoP error="${code}", ${algorithms}`;

const invalidProof = (why: string) =>
  refusal(`The DPoP proof does not count: ${why}`, dpopError('invalid_dpop_proof'));

function refusal(message: string, challenge: string) {
  return Unauthorized(message, [], { 'WWW-Authenticate': challenge });
}
