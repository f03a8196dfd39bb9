import type { Knex } from 'knex';
import type { RequestedClaims } from '../oauth/grant-store.ts';
import type { GrantedScope, IdentityScope } from '../oauth/scope.ts';

/** Claims about a person by the scope that asks for them (OpenID Connect Core 1.0, section 5.4). */
export const CLAIMS_OF_SCOPE = {
  profile: ['name', 'picture', 'updated_at'],
  email: ['email', 'email_verified'],
} as const;

export type IdentityClaim = (typeof CLAIMS_OF_SCOPE)[keyof typeof CLAIMS_OF_SCOPE][number];

/** Those that can be asked for one by one. */
export const IDENTITY_CLAIMS: readonly IdentityClaim[] = Object.values(CLAIMS_OF_SCOPE).flat();

const scopes = Object.keys(CLAIMS_OF_SCOPE) as (keyof typeof CLAIMS_OF_SCOPE)[];

/** The claims that scopes ask for. */
export const claimsOf = (granted: readonly GrantedScope[]): IdentityClaim[] =>
  scopes.filter(scope => granted.includes(scope)).flatMap(scope => [...CLAIMS_OF_SCOPE[scope]]);

/** What a user has to agree to: who asks for a claim alone asks for what the scope with it would tell. */
export function scopesOfClaims({ id_token, userinfo }: RequestedClaims): IdentityScope[] {
  const asked = [...id_token, ...userinfo];
  return scopes.filter(scope => CLAIMS_OF_SCOPE[scope].some(claim => asked.includes(claim)));
}

/** What a claim says of a user; one that there is nothing to say for is absent. */
export type IdentityClaims = {
  name?: string;
  picture?: string;
  /** Seconds since 1970 */
  updated_at?: number;
  email?: string;
  email_verified?: boolean;
};

/** The claims of these names, about a user that exists. */
export async function identityClaims(
  db: Knex,
  userId: number,
  names: readonly string[],
): Promise<IdentityClaims> {
  if (names.length === 0) return {};
  const user = await db('users as u')
    .leftJoin('email_addresses as e', function () {
      this.on('e.user_id', 'u.id').andOnVal('e.is_primary', true);
    })
    .where({ 'u.id': userId })
    .first(
      'u.display_name as name',
      'u.profile_image_url as picture',
      db.raw('floor(extract(epoch from u.updated_at))::bigint as updated_at'),
      'e.email',
      db.raw('e.verified_at is not null as email_verified'),
    );
  return Object.fromEntries(
    IDENTITY_CLAIMS.filter(name => names.includes(name) && user[name] !== null).map(name => [
      name,
      user[name],
    ]),
  );
}
