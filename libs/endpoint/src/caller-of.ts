import type { Permission, Principal, PrincipalToken } from '@rivergate/caller';
import type { z } from 'zod';
import type { ORGANIZATION_PARAMETER } from './organization-parameter.ts';

/** Who may call; the words are those of the endpoint catalogue. `scim` is who provisions an organization by its token. */
export type CallerRule = OpenRule | 'internal' | 'scim' | UserRule;

/**
 * Nobody has to be signed in: `public` is for everyone, `token` for who holds the one-time token in the request, `client`
 * for the OAuth client whose credentials are in the request. The handler sees to both.
 */
type OpenRule = 'public' | 'token' | 'client';

export function isOpen(rule: CallerRule): rule is OpenRule {
  return rule === 'public' || rule === 'token' || rule === 'client';
}

/** What a user has to be: signed in, an administrator of the organization, the holder of a permission. */
export type UserRule = 'user' | 'admin' | `perm:${Permission}`;

type Kind<Spec extends Declared> = Spec['caller'] extends 'internal'
  ? { kind: 'service'; service: string }
  : Spec['caller'] extends 'scim'
    ? { kind: 'scim'; organizationId: number; token: PrincipalToken }
    : Spec['caller'] extends OpenRule
      ? unknown
      : Spec extends { clients: true }
        ? { kind: 'user' | 'client' }
        : { kind: 'user'; userId: number };

/** What of a declaration says who its caller is. */
type Declared = { caller: CallerRule };

/** Whether an internal endpoint is asked on behalf of a user. */
type Behalf<Spec extends Declared> = Spec extends { onBehalfOf: UserRule } ? { userId: number } : unknown;

type ByLogin<Spec extends Declared> = Spec extends { session: true } ? { sessionId: number } : unknown;

type WithOrganization =
  | { params: z.ZodObject<{ [ORGANIZATION_PARAMETER]: z.ZodType }> }
  | { activeOrganization: true };

type Place<Spec extends Declared> = Spec extends { caller: 'internal'; onBehalfOf?: undefined }
  ? unknown
  : Spec['caller'] extends OpenRule
    ? unknown
    : Spec extends WithOrganization
      ? { organizationId: number }
      : unknown;

/**
 * The caller as the declaration guarantees it: a user's id where someone has to be signed in and no client will do, an organization where the
 * path names one or the endpoint needs the active one, a session where no token may stand in its place, the service's name
 * behind an internal endpoint, and with it the user on whose behalf it has to ask.
 */
export type CallerOf<Spec extends Declared> = Principal &
  Kind<Spec> &
  Behalf<Spec> &
  ByLogin<Spec> &
  Place<Spec>;
