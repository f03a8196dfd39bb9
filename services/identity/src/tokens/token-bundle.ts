import { accessTokenAudience, accessTokenLifetimeSeconds } from '@rivergate/caller';
import { oneTimeToken } from '@rivergate/secrets';
import type { IdentityTools } from '../endpoint.ts';
import type { Session } from '../sessions/session-store.ts';

/** What a completed login and every refresh hand out. */
export interface TokenBundle {
  access_token: string;
  refresh_token: string;
  token_type: 'bearer';
  /** Seconds */
  expires_in: number;
}

type Tools = Pick<IdentityTools, 'keys' | 'settings'>;

/** The bundle for a session. */
export function tokenBundle(tools: Tools, session: Session, refreshToken: string): TokenBundle {
  return { ...accessToken(tools, session), refresh_token: refreshToken };
}

/** Longest life of an access token with which somebody acts in the name of another, in seconds. */
const IMPERSONATION_TOKEN_SECONDS = 600;

/** An access token of a session. It never outlives the session, nor what its organization allows. */
export function accessToken({ keys, settings }: Tools, session: Session): Omit<TokenBundle, 'refresh_token'> {
  const now = Math.floor(Date.now() / 1000);
  const sessionEnds = Math.floor(session.expires_at.getTime() / 1000);
  const longest = Math.min(
    session.impersonator_id === null ? accessTokenLifetimeSeconds : IMPERSONATION_TOKEN_SECONDS,
    session.access_token_seconds ?? Number.POSITIVE_INFINITY,
  );
  const expires = Math.max(now, Math.min(now + longest, sessionEnds));
  const token = keys.sign({
    iss: settings.publicUrl,
    aud: accessTokenAudience,
    sub: String(session.user_id),
    sid: session.id,
    org_id: session.organization_id,
    ...byWhom(session),
    scope: '',
    iat: now,
    exp: expires,
    jti: oneTimeToken(),
  });
  return {
    access_token: token,
    token_type: 'bearer',
    expires_in: expires - now,
  };
}

/** How the user was authenticated, or who acts in their place. */
function byWhom(session: Session) {
  if (session.impersonator_id !== null) return { act: { sub: String(session.impersonator_id) } };
  return {
    auth_time: Math.floor(session.authenticated_at.getTime() / 1000),
    amr: session.authentication_methods,
    ...(session.second_factor_omitted ? { second_factor_omitted: true as const } : {}),
    ...(session.sso_organization_id === null ? {} : { org_bound: true as const }),
  };
}
