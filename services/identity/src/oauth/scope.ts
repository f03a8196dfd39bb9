import { SCOPES, type Scope } from '@rivergate/caller';
import { z } from 'zod';

/** As a parameter: scopes with spaces between them (RFC 6749, section 3.3). What it may hold is checked where that is known. */
export const ScopeParameter = z
  .string()
  .max(1_000)
  .meta({ description: 'read, write and admin, with spaces between them', examples: ['read'] });

/**
 * The scopes that are asked for, each once; without any, all that are allowed.
 *
 * @returns undefined where one is not allowed, or is none
 */
export function requestedScopes(scope: string | undefined, allowed: readonly Scope[]): Scope[] | undefined {
  if (scope === undefined || scope === '') return [...allowed];
  const named = new Set(scope.split(' '));
  const granted = SCOPES.filter(known => named.has(known) && allowed.includes(known));
  return granted.length === named.size ? granted : undefined;
}
