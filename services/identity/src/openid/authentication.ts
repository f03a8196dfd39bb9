import type { Knex } from 'knex';
import { endsAt } from '../sessions/session-limits.ts';
import { acrOf } from './acr.ts';
import type { AuthenticationRequest } from './authentication-request.ts';

/** How and when the user of a session was authenticated. */
export interface Authentication {
  user_id: number;
  /** RFC 8176 */
  methods: string[];
  /** Seconds */
  age: number;
}

/**
 * Seconds for which a sign-in counts as one that was made for the request at hand: somebody who had to sign in for it still
 * has to read what they agree to.
 */
const JUST_NOW_SECONDS = 300;

/** @returns undefined where the session has ended */
export async function authenticationIn(db: Knex, sessionId: number): Promise<Authentication | undefined> {
  return db('sessions')
    .where({ id: sessionId })
    .whereNull('revoked_at')
    .whereRaw(`${endsAt()} > now()`)
    .first(
      'user_id',
      'authentication_methods as methods',
      db.raw('extract(epoch from now() - authenticated_at)::float as age'),
    );
}

/**
 * Whether the user has to sign in, or to sign in again (OpenID Connect Core 1.0, section 3.1.2.1).
 *
 * @param anew whether `prompt=login` or `create`, or a short `max_age`, is only met by a sign-in that is yet to come: to ask, not to
 *   decide
 */
export function needsSignIn(
  request: AuthenticationRequest,
  authentication: Authentication | undefined,
  { anew }: { anew: boolean },
): boolean {
  if (!authentication) return true;
  const { prompts, maxAge, expected, claims } = request;
  const user = String(authentication.user_id);
  if ((expected !== null && expected !== user) || (claims.subject !== undefined && claims.subject !== user))
    return true;
  const allowed = Math.min(
    maxAge ?? Number.POSITIVE_INFINITY,
    prompts.has('login') || prompts.has('create') ? 0 : Number.POSITIVE_INFINITY,
  );
  return authentication.age > (anew ? allowed : Math.max(allowed, JUST_NOW_SECONDS));
}

/** Whether an authentication context that is essential was not reached. */
export function missesEssentialAcr({ claims }: AuthenticationRequest, { methods }: Authentication): boolean {
  const { essentialAcr } = claims;
  return essentialAcr.length > 0 && !essentialAcr.includes(acrOf(methods, essentialAcr));
}
