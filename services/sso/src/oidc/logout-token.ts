import { type JWTVerifyGetKey, jwtVerify } from 'jose';
import { z } from 'zod';

/** Seconds that the clocks may differ by. */
const TOLERANCE = 60;
/** Seconds after which a token is no news any more. */
export const LONGEST_AGE = 600;

/** Of public keys: none is made by a secret that others may know. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

const Payload = z.object({
  sub: z.string().min(1).max(255).optional(),
  sid: z.string().min(1).max(255).optional(),
  jti: z.string().min(1).max(255),
  events: z.object({ [EVENT]: z.object({}) }),
  nonce: z.never().optional(),
});

/** A session, or all of a person. One of both is there. */
export interface LogoutToken {
  subject: string | undefined;
  sessionIndex: string | undefined;
  /** By which it counts once. */
  id: string;
}

/**
 * Verifies a logout token (OpenID Connect Back-Channel Logout 1.0, section 2.6), but for whether it was used before.
 *
 * @throws errors of jose and of zod
 */
export async function readLogoutToken(
  token: string,
  keys: JWTVerifyGetKey,
  expected: { issuer: string; audience: string },
): Promise<LogoutToken> {
  const { payload } = await jwtVerify(token, keys, {
    ...expected,
    algorithms: ALGORITHMS,
    clockTolerance: TOLERANCE,
    maxTokenAge: LONGEST_AGE,
    requiredClaims: ['iat', 'jti', 'events'],
  });
  const { sub, sid, jti } = Payload.parse(payload);
  if (sub === undefined && sid === undefined) throw new TypeError('The token names nobody');
  return { subject: sub, sessionIndex: sid, id: jti };
}
