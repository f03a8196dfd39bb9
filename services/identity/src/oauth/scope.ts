import { SCOPES, type Scope } from '@rivergate/caller';
import { z } from 'zod';

/**
 * Scopes that tell a client who somebody is, and how long it may act (OpenID Connect Core 1.0, sections 5.4 and 11). They
 * open nothing at the API, where the others say what may be done.
 */
export const IDENTITY_SCOPES = ['openid', 'profile', 'email', 'offline_access'] as const;
export type IdentityScope = (typeof IDENTITY_SCOPES)[number];

/** What a grant and its tokens carry. */
export type GrantedScope = Scope | IdentityScope;

const KNOWN: readonly GrantedScope[] = [...IDENTITY_SCOPES, ...SCOPES];

/** As a parameter: scopes with spaces between them (RFC 6749, section 3.3). What it may hold is checked where that is known. */
export const ScopeParameter = z
  .string()
  .max(1_000)
  .meta({
    description: `${KNOWN.join(', ')}, with spaces between them`,
    examples: ['openid profile read'],
  });

/**
 * The scopes that are asked for, each once; without any, all that are allowed.
 *
 * @returns undefined where one is not allowed, or is none
 */
export function requestedScopes<Allowed extends GrantedScope>(
  scope: string | undefined,
  allowed: readonly Allowed[],
): Allowed[] | undefined {
  if (scope === undefined || scope === '') return [...allowed];
  const named = new Set(scope.split(' '));
  const granted = KNOWN.filter(
    (known): known is Allowed => named.has(known) && allowed.includes(known as Allowed),
  );
  return granted.length === named.size ? granted : undefined;
}

/**
 * The scopes of an authorization request: those of the application, and those of identity for any application that names
 * them. Without `openid` there is nobody to tell of: then `profile` and `email` are refused.
 */
export function authorizationScopes(
  scope: string | undefined,
  ofApplication: readonly Scope[],
): GrantedScope[] | undefined {
  if (scope === undefined || scope === '') return [...ofApplication];
  const asked = requestedScopes<GrantedScope>(scope, [...ofApplication, ...IDENTITY_SCOPES]);
  const tells = asked?.some(one => one === 'profile' || one === 'email') ?? false;
  return tells && !asked!.includes('openid') ? undefined : asked;
}

/** Those that an application may have still, which may have lost some meanwhile. */
export const stillAllowed = (scopes: readonly GrantedScope[], ofApplication: readonly Scope[]) => [
  ...identityOf(scopes),
  ...rightsOf(scopes).filter(scope => ofApplication.includes(scope)),
];

/** Those that bound what may be done at the API. */
export const rightsOf = (scopes: readonly GrantedScope[]) => SCOPES.filter(scope => scopes.includes(scope));

export const identityOf = (scopes: readonly GrantedScope[]) =>
  IDENTITY_SCOPES.filter(scope => scopes.includes(scope));

/** SQL: the scopes of both kinds, of a row of grants or tokens. */
export const ALL_SCOPES = (table: string) => `${table}.identity_scopes || ${table}.scopes as scopes`;
