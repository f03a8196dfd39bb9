import type { RedisClient } from '@rivergate/redis';
import { forgetMemberships, forgetSession, revokeSession } from './access.ts';
import { forgetToken, revokeToken } from './token-state.ts';

/** What the projection reads of a CloudEvent. */
export type AccessEvent = { type: string; data?: unknown; organizationid?: string | number | null };

/** Prefixes of the events after which what is known of an organization's members, or of its policies, no longer counts. */
const membershipEvents = [
  'organization.member.',
  'organization.role.',
  'organization.organization.',
  // With it end the roles held there.
  'organization.workspace.deleted',
  'sso.abac_policy.',
];

/** Topics whose events projectAccess understands. */
export const accessTopics = [
  'rivergate.identity.session',
  'rivergate.identity.token',
  'rivergate.identity.trusted_device',
  'rivergate.sso.token',
  'rivergate.organization.member',
  'rivergate.organization.role',
  'rivergate.organization.organization',
  'rivergate.organization.workspace',
  'rivergate.sso.abac_policy',
] as const;

/**
 * Carries an event into the state that the gateway decides by. The emitting service calls it right after its
 * commit, the gateway's consumer again from the log; doing it twice is harmless.
 * Returns whether the event meant anything.
 */
export async function projectAccess(redis: RedisClient, event: AccessEvent): Promise<boolean> {
  if (event.type === 'identity.session.revoked' || event.type === 'identity.session.changed') {
    const sessionId = (event.data as { session_id?: unknown } | undefined)?.session_id;
    if (typeof sessionId !== 'number') return false;
    await (event.type === 'identity.session.revoked' ? revokeSession : forgetSession)(redis, sessionId);
    return true;
  }
  if (/^identity\.trusted_device\.(?:activated|revoked)$/.test(event.type)) {
    const sessionIds = (event.data as { session_ids?: unknown } | undefined)?.session_ids;
    if (!Array.isArray(sessionIds) || !sessionIds.every(id => typeof id === 'number')) return false;
    await Promise.all(sessionIds.map(id => forgetSession(redis, id)));
    return true;
  }
  const [, change] = /^(?:identity|sso)\.token\.(revoked|changed)$/.exec(event.type) ?? [];
  if (change !== undefined) {
    const hash = (event.data as { token_hash?: unknown } | undefined)?.token_hash;
    if (typeof hash !== 'string') return false;
    await (change === 'revoked' ? revokeToken : forgetToken)(redis, hash);
    return true;
  }
  if (event.type === 'identity.token.batch_revoked' || event.type === 'identity.token.batch_changed') {
    const hashes = (event.data as { token_hashes?: unknown } | undefined)?.token_hashes;
    if (!Array.isArray(hashes) || !hashes.every(hash => typeof hash === 'string')) return false;
    const withdraw = event.type === 'identity.token.batch_revoked' ? revokeToken : forgetToken;
    await Promise.all(hashes.map(hash => withdraw(redis, hash)));
    return true;
  }
  if (membershipEvents.some(prefix => event.type.startsWith(prefix))) {
    const organizationId = Number(event.organizationid ?? Number.NaN);
    if (!Number.isSafeInteger(organizationId)) return false;
    await forgetMemberships(redis, organizationId);
    return true;
  }
  return false;
}
