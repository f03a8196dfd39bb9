import { consumer, memberRemoved, on, userStatusChanged } from '@rivergate/events';
import type { RedisClient } from '@rivergate/redis';
import { emittingAtOnce } from '../emitting-at-once.ts';
import { forgetTokens } from './forget-tokens.ts';
import { revokeTokens } from './revoke-tokens.ts';

/**
 * Who is removed from an organization loses the tokens that act in it only, for good: coming back brings none of them
 * back. While an account is suspended its tokens are refused.
 */
export function tokensOfFormerMembers({ redis }: { redis: RedisClient }) {
  return consumer({
    name: 'tokens-of-former-members',
    on: [
      on(memberRemoved, async ({ data: { user_id, organization_id } }, tools) => {
        await revokeTokens(emittingAtOnce(redis, tools), { user_id, organization_id }, 'member_removed');
      }),
      on(userStatusChanged, async ({ data: { user_id } }, tools) => {
        await forgetTokens(redis, tools, { user_id });
      }),
    ],
  });
}
