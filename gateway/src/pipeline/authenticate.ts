import type { TokenKind } from '@rivergate/caller';
import { TOKEN_OWNERS } from '@rivergate/contracts';
import { Unauthorized } from '@rivergate/endpoint';
import { prefixOf } from '@rivergate/secrets';
import type { Exchange } from '../exchange.ts';
import type { AccessToken } from '../tokens/access-token.ts';
import type { LookUpToken } from '../tokens/look-up-token.ts';
import {
  CHALLENGES,
  dpopTokenOf,
  type ProvePossession,
  type SentToken,
} from '../tokens/proof-of-possession.ts';
import type { VerifiedCache } from '../tokens/verified-cache.ts';
import { invalidToken, type VerifyAccessToken } from '../tokens/verify-access-token.ts';

/** What becomes of a bearer token: who it is for, or null where it is of another form. */
export type ReadToken = (token: string, exchange: Exchange) => Promise<AccessToken> | null;

/** Three base64url segments, the compact form of a JWS. */
const compactJws = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/**
 * Tells tokens apart by their form: one with the prefix of a kind that has an owner is looked up, a JWT is verified and
 * looked up only where it belongs to no session. What has another form, or a wrong checksum, is nobody's.
 */
export function tokenReader(verifyAccessToken: VerifyAccessToken, lookUp: LookUpToken): ReadToken {
  return (token, exchange) => {
    if (compactJws.test(token))
      return verifyAccessToken(token).then(verified => verified ?? lookUp('oauth', token, exchange));
    const prefix = prefixOf(token);
    return prefix !== null && Object.hasOwn(TOKEN_OWNERS, prefix)
      ? lookUp(prefix as TokenKind, token, exchange)
      : null;
  };
}

/**
 * Step: who says the caller to be? Endpoints that need no token ignore one, unless they say that it is optional:
 * then a bad one is refused rather than overlooked.
 */
export function authenticate(read: ReadToken, verified: VerifiedCache, provePossession: ProvePossession) {
  const accept = (exchange: Exchange, sent: SentToken, accepted: AccessToken): void | Promise<void> => {
    if (sent.asBound || accepted.keyThumbprint !== null)
      return provePossession(exchange, sent, accepted).then(() => {
        exchange.token = accepted;
      });
    exchange.token = accepted;
  };
  return (exchange: Exchange): void | Promise<void> => {
    const { route } = exchange;
    if (!route?.readsToken) return;
    const { authorization } = exchange.request.headers;
    if (authorization === undefined) {
      if (!route.needsToken) return;
      throw Unauthorized(undefined, [], { 'WWW-Authenticate': CHALLENGES });
    }
    const bound = dpopTokenOf(authorization);
    const token = bound ?? bearerOf(authorization);
    const sent = { token, asBound: bound !== undefined };
    const known = verified.get(token);
    if (known) return accept(exchange, sent, known);
    const reading = read(token, exchange);
    if (!reading) throw invalidToken();
    return reading.then(accepted => {
      verified.keep(token, accepted);
      return accept(exchange, sent, accepted);
    });
  };
}

/** Scheme and token of RFC 6750, section 2.1; the scheme's case does not matter. */
function bearerOf(authorization: string): string {
  if (authorization.length < 8 || authorization.slice(0, 7).toLowerCase() !== 'bearer ') throw invalidToken();
  return authorization.slice(7).trim();
}
