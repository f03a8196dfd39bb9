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

/** The bundle for a session. The access token never outlives the session, nor what its organization allows. */
export function tokenBundle(
  { keys, settings }: Pick<IdentityTools, 'keys' | 'settings'>,
  session: Session,
  refreshToken: string,
): TokenBundle {
  const now = Math.floor(Date.now() / 1000);
  const sessionEnds = Math.floor(session.expires_at.getTime() / 1000);
  const longest = Math.min(
    accessTokenLifetimeSeconds,
    session.access_token_seconds ?? Number.POSITIVE_INFINITY,
  );
  const expires = Math.max(now, Math.min(now + longest, sessionEnds));
  const accessToken = keys.sign({
    iss: settings.publicUrl,
    aud: accessTokenAudience,
    sub: String(session.user_id),
    sid: session.id,
    org_id: session.organization_id,
    auth_time: Math.floor(session.authenticated_at.getTime() / 1000),
    amr: session.authentication_methods,
    ...(session.second_factor_omitted ? { second_factor_omitted: true as const } : {}),
    scope: '',
    iat: now,
    exp: expires,
    jti: oneTimeToken(),
  });
  return {
    access_token: accessToken,
    refresh_token: refreshToken,
    token_type: 'bearer',
    expires_in: expires - now,
  };
}
