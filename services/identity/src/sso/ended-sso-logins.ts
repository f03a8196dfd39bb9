import { consumer, on, ssoLoginEnded, ssoProviderDeactivated } from '@rivergate/events';
import type { RedisClient } from '@rivergate/redis';
import { emittingAtOnce } from '../emitting-at-once.ts';
import { endSessions } from '../sessions/end-sessions.ts';
import { endSsoLogin } from './end-sso-login.ts';
import { dropSsoLogins } from './sso-login-store.ts';

/** What a sign-in elsewhere opened ends with it, and with its provider where that was asked for. */
export function endedSsoLogins({ redis }: { redis: RedisClient }) {
  return consumer({
    name: 'ended-sso-logins',
    on: [
      on(ssoLoginEnded, ({ data }, tools) => endSsoLogin(emittingAtOnce(redis, tools), data)),
      on(ssoProviderDeactivated, async ({ data: { organization_id, provider_id, end_sessions } }, tools) => {
        await dropSsoLogins(tools.db, { organization_id, provider_id });
        if (!end_sessions) return;
        const sso = { organizationId: organization_id, providerId: provider_id };
        await endSessions(emittingAtOnce(redis, tools), { sso }, 'sso_provider_deactivated', organization_id);
      }),
    ],
  });
}
