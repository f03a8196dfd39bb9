import type { RedisClient } from '@rivergate/redis';

/**
 * Everything that rights are decided by stands below one prefix. Gateways follow what changes there, in the order in
 * which it changes: of one prefix, Redis tells everything that changed at once in one message.
 */
export const ACCESS = 'access:';

/** A key below which each gateway tells itself, through Redis, that it hears of changes. */
export const HEARTBEAT = `${ACCESS}heartbeat:`;

/** A key that changes after something was withdrawn, in the slot of that. @param subject with its hash tag */
export const barrierKey = (subject: string, id: string) => `${ACCESS}${subject}:barrier:${id}`;

/** Where the gateways write that they have heard of a barrier; null for a key that is none. */
export function acknowledgementsOf(key: string): string | null {
  const at = key.indexOf(':barrier:');
  return at < 0 ? null : `acknowledged:${key.slice(ACCESS.length)}`;
}

/** The channel to which a gateway listens while it remembers anything: they are counted by it. */
export const followersChannel = ({ options }: RedisClient) =>
  `${ACCESS}followers:${('db' in options && options.db) || 0}`;
