/** What identity writes into an access token and the gateway demands of it, said once for both. */

/** `aud` of every access token for the API. */
export const accessTokenAudience = 'rivergate';

/** The only algorithm that is signed with or accepted. */
export const accessTokenAlgorithm = 'ES256';

/** `typ` of an access token (RFC 9068, section 2.1), so that no other JWT of the house passes for one. */
export const accessTokenType = 'at+jwt';

/** Longest life of an access token, in seconds. */
export const accessTokenLifetimeSeconds = 3600;

/** Where identity publishes its public keys. */
export const accessTokenKeysPath = '/.well-known/jwks.json';

/** `iss`: the public address of the platform. */
export function accessTokenIssuer(env: { PUBLIC_URL?: string | undefined }): string {
  return (env.PUBLIC_URL ?? 'http://localhost:8080').replace(/\/+$/, '');
}

/** Claims of an access token. `sub` is the user id, `org_id` the organization that it acts in. */
export type AccessTokenClaims = {
  iss: string;
  aud: string | string[];
  sub: string;
  org_id: number | null;
  scope: string;
  iat: number;
  exp: number;
  jti: string;
} & (OfSession | OfImpersonation | OfClient);

/**
 * `sid` is the session id; `auth_time` and `amr` say when and how its user was last authenticated (RFC 9068, section 2.2.1).
 * `second_factor_omitted`: the account had a second factor then, which that authentication did without. `org_bound`: the
 * identity provider of `org_id` opened the session, which acts in that organization alone.
 */
type OfSession = {
  sid: number;
  auth_time: number;
  amr: string[];
  second_factor_omitted?: true;
  org_bound?: true;
};

/**
 * Somebody acts in the name of `sub` (RFC 8693, section 4.1). That user was not authenticated, so nothing is said of when
 * and how.
 */
type OfImpersonation = { sid: number; act: { sub: string } };

/**
 * Issued to an OAuth client; where it stands for no user, `sub` is the client too (RFC 9068, section 2.2). `cnf` names the
 * key that it is bound to (RFC 9449, section 6.1).
 */
type OfClient = { client_id: string; cnf?: { jkt: string } };
