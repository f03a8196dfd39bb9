import { consumer, on, organizationSettingsChanged } from '@rivergate/events';
import type { RedisClient } from '@rivergate/redis';
import { z } from 'zod';
import { emittingAtOnce } from '../emitting-at-once.ts';
import { endGrantsOfOpenClients } from '../oauth/grants-of-open-clients.ts';
import { forgetTokens } from '../personal-tokens/forget-tokens.ts';
import { endSessions } from '../sessions/end-sessions.ts';
import { revokeOverdueDevices } from '../trusted-devices/revoke-devices.ts';
import { keepPolicy } from './policy-store.ts';

/** What identity reads of an organization's settings. */
const Enforced = z.object({
  password_policy: z.object({ min_length: z.int().positive(), require_special_character: z.boolean() }),
  sessions: z.object({
    lifetime_minutes: z.int().positive(),
    remembered_lifetime_days: z.int().positive(),
  }),
  tokens: z.object({
    access_token_minutes: z.int().positive(),
    refresh_token_days: z.int().positive(),
    /** Events from before there was such a setting do not have it. */
    access_token_expire_minutes: z.int().positive().default(129_600),
    organization_tokens_allowed: z.boolean().default(true),
  }),
  mfa: z
    .object({ required: z.boolean(), deadline: z.iso.datetime({ offset: true }).nullable() })
    .default({ required: false, deadline: null }),
  devices: z.object({ trust_days: z.int().min(0) }).default({ trust_days: 30 }),
  oauth: z.object({ open_registration: z.boolean() }).default({ open_registration: false }),
  network: z
    .object({ ip_allow_list: z.array(z.object({ network: z.string() })) })
    .default({ ip_allow_list: [] }),
  features: z
    .object({ personal_access_tokens: z.boolean(), oauth_applications: z.boolean() })
    .default({ personal_access_tokens: true, oauth_applications: true }),
});

const MINUTE = 60;
const DAY = 86_400;

/**
 * Keeps the limits that organizations set. They count wherever a session or a token is looked at; sessions that are
 * past a new limit end at once, and tokens of the organization in their new time. To build the table anew, empty it and
 * give the consumer another name.
 */
export function organizationPolicies({ redis }: { redis: RedisClient }) {
  return consumer({
    name: 'organization-policies',
    on: [
      on(organizationSettingsChanged, async ({ data, time }, tools) => {
        const { organization_id, revision } = data;
        const { password_policy, sessions, tokens, mfa, devices, oauth, network, features } = Enforced.parse(
          data.settings,
        );
        const kept = await keepPolicy(tools.db, {
          organization_id,
          revision,
          session_seconds: sessions.lifetime_minutes * MINUTE,
          remembered_session_seconds: sessions.remembered_lifetime_days * DAY,
          access_token_seconds: tokens.access_token_minutes * MINUTE,
          refresh_token_seconds: tokens.refresh_token_days * DAY,
          personal_token_seconds: tokens.access_token_expire_minutes * MINUTE,
          password_min_length: password_policy.min_length,
          password_special_character: password_policy.require_special_character,
          // A requirement without a date holds at once.
          mfa_required_from: mfa.required ? (mfa.deadline ?? time) : null,
          device_trust_days: devices.trust_days,
          open_clients: oauth.open_registration,
          ip_allow_list: network.ip_allow_list.map(({ network: listed }) => listed),
          organization_tokens: features.personal_access_tokens && tokens.organization_tokens_allowed,
          oauth_applications: features.oauth_applications,
        });
        if (!kept) return;
        const emitting = emittingAtOnce(redis, tools);
        await endSessions(emitting, { overdueIn: organization_id }, 'organization_settings');
        if (!(oauth.open_registration && features.oauth_applications))
          await endGrantsOfOpenClients(emitting, organization_id);
        await revokeOverdueDevices(emitting, organization_id);
        await forgetTokens(redis, tools, { organization_id });
      }),
    ],
  });
}
