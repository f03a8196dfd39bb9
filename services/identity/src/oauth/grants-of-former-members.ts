import { forgetToken } from '@rivergate/caller';
import { consumer, memberRemoved, on, userStatusChanged } from '@rivergate/events';
import type { RedisClient } from '@rivergate/redis';
import { emittingAtOnce } from '../emitting-at-once.ts';
import { forgetConsents } from './consent-store.ts';
import { endGrantsOfUser } from './grants-of-users.ts';
import { hashesInUse } from './token-store.ts';

/**
 * What somebody let applications of an organization do ends with the membership, for good. While an account is suspended,
 * tokens that act for it are refused.
 */
export function grantsOfFormerMembers({ redis }: { redis: RedisClient }) {
  return consumer({
    name: 'oauth-grants-of-former-members',
    on: [
      on(memberRemoved, async ({ data: { user_id, organization_id } }, tools) => {
        await forgetConsents(tools.db, user_id, organization_id);
        await endGrantsOfUser(emittingAtOnce(redis, tools), { user_id, organization_id }, 'member_removed');
      }),
      on(userStatusChanged, async ({ data: { user_id } }, { db, log }) => {
        const hashes = await hashesInUse(db, user_id);
        db.executionPromise
          ?.then(() => Promise.all(hashes.map(hash => forgetToken(redis, hash))))
          .catch(cause => log.warn({ err: cause }, 'Tokens are good for as long as they are known'));
      }),
    ],
  });
}
