import { Unauthorized } from '@rivergate/endpoint';
import type { Exchange } from '../exchange.ts';
import type { VerifiedCache } from '../tokens/verified-cache.ts';
import { invalidToken, type VerifyToken } from '../tokens/verify-access-token.ts';

/** A kind of bearer token: how it is told from others and how it is verified. */
export type TokenKind = { recognises(token: string): boolean; verify: VerifyToken };

/** Three base64url segments, the compact form of a JWS. */
const compactJws = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** The kinds of token there are, in the order in which they are tried. A new kind is one more line. */
export function tokenKinds(verifyAccessToken: VerifyToken): readonly TokenKind[] {
  return [{ recognises: token => compactJws.test(token), verify: verifyAccessToken }];
}

/**
 * Step: who says the caller to be? Endpoints that need no token ignore one, unless they say that it is optional:
 * then a bad one is refused rather than overlooked.
 */
export function authenticate(kinds: readonly TokenKind[], verified: VerifiedCache) {
  return (exchange: Exchange): void | Promise<void> => {
    const { route } = exchange;
    if (!route?.readsToken) return;
    const { authorization } = exchange.request.headers;
    if (authorization === undefined) {
      if (!route.needsToken) return;
      throw Unauthorized(undefined, [], { 'WWW-Authenticate': 'Bearer' });
    }
    const token = bearerOf(authorization);
    exchange.token = verified.get(token);
    if (exchange.token) return;
    const kind = kinds.find(({ recognises }) => recognises(token));
    if (!kind) throw invalidToken();
    return kind.verify(token).then(accepted => {
      verified.keep(token, accepted);
      exchange.token = accepted;
    });
  };
}

/** Scheme and token of RFC 6750, section 2.1; the scheme's case does not matter. */
function bearerOf(authorization: string): string {
  if (authorization.length < 8 || authorization.slice(0, 7).toLowerCase() !== 'bearer ') throw invalidToken();
  return authorization.slice(7).trim();
}
