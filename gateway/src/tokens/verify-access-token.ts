import {
  accessTokenAlgorithm,
  accessTokenAudience,
  accessTokenLifetimeSeconds,
  accessTokenType,
} from '@rivergate/caller';
import { Unauthorized, UpstreamUnavailable } from '@rivergate/endpoint';
import { errors, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyResult, jwtVerify } from 'jose';
import type { AccessToken } from './access-token.ts';

/** Seconds by which identity's clock may differ. */
const CLOCK_TOLERANCE = 5;

/** Null for the token of an OAuth client, which is in order but belongs to no session: its owner knows what it is. */
export type VerifyAccessToken = (token: string) => Promise<AccessToken | null>;

/**
 * Verifies an access token of identity (JWT, RFC 9068): signature by a published key, algorithm, type, issuer,
 * audience, lifetime.
 *
 * @throws Unauthorized for a bad token, UpstreamUnavailable when the keys cannot be had
 */
export function accessTokenVerifier(issuer: string, findKey: JWTVerifyGetKey): VerifyAccessToken {
  const demands = {
    algorithms: [accessTokenAlgorithm],
    typ: accessTokenType,
    issuer,
    audience: accessTokenAudience,
    requiredClaims: ['exp', 'iat', 'sub', 'jti'],
    maxTokenAge: accessTokenLifetimeSeconds,
    clockTolerance: CLOCK_TOLERANCE,
  };
  return async token => {
    let verified: JWTVerifyResult;
    try {
      verified = await jwtVerify(token, findKey, demands);
    } catch (cause) {
      if (cause instanceof errors.JOSEError && isAboutTheToken(cause)) throw invalidToken();
      throw UpstreamUnavailable('The keys of access tokens cannot be had; try again shortly');
    }
    if (verified.payload.client_id !== undefined) return null;
    return accessTokenOf(verified.payload, verified.protectedHeader.kid);
  };
}

function isAboutTheToken(cause: errors.JOSEError): boolean {
  return !(
    cause instanceof errors.JWKSTimeout ||
    cause instanceof errors.JWKSInvalid ||
    cause.code === 'ERR_JOSE_GENERIC'
  );
}

function accessTokenOf(claims: JWTPayload, keyId: string | undefined): AccessToken {
  if (keyId === undefined) throw invalidToken();
  const userId = idOf(claims.sub);
  const sessionId = idOf(claims.sid);
  const organizationId = claims.org_id === null || claims.org_id === undefined ? null : idOf(claims.org_id);
  const impersonatorId =
    claims.act === undefined ? null : idOf((claims.act as { sub?: unknown } | null)?.sub);
  const organizationBound = claims.org_bound !== undefined;
  if ((impersonatorId !== null || organizationBound) && organizationId === null) throw invalidToken();
  return {
    userId,
    impersonatorId,
    login: { sessionId },
    organizationId,
    organizationBound,
    authTime: typeof claims.auth_time === 'number' ? claims.auth_time : null,
    amr: Array.isArray(claims.amr) ? claims.amr.map(String) : [],
    secondFactorOmitted: claims.second_factor_omitted === true,
    expiresAt: Math.min(claims.exp ?? 0, (claims.iat ?? 0) + accessTokenLifetimeSeconds),
    keyThumbprint: null,
    keyId,
  };
}

function idOf(claim: unknown): number {
  const id = typeof claim === 'string' && /^\d{1,16}$/.test(claim) ? Number(claim) : claim;
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id <= 0) throw invalidToken();
  return id;
}

export function invalidToken() {
  return Unauthorized('The access token is not valid; sign in again', [], {
    'WWW-Authenticate': 'Bearer error="invalid_token"',
  });
}
