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

/** Claims of an access token. `sub` is the user id, `sid` the session id, `org_id` the active organization. */
export type AccessTokenClaims = {
  iss: string;
  aud: string;
  sub: string;
  sid: number;
  org_id: number | null;
  amr: string[];
  scope: string;
  client_id?: string;
  iat: number;
  exp: number;
  jti: string;
};
