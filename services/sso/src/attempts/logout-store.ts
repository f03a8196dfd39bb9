import { tokenHash } from '@rivergate/secrets';
import type { Knex } from 'knex';
import { FLOW_SECONDS, type Place, type Result, resultRow, type Step } from './attempt-store.ts';

/** Notes that a browser is sent to a provider to be signed out there. */
export async function beginLogout(
  db: Knex.Transaction,
  place: Place,
  logout: { state: string; userId: number; steps: readonly Step[]; ip: string | null },
): Promise<void> {
  await db('attempts').insert({
    ...place,
    kind: 'logout',
    begun_by: 'platform',
    ip: logout.ip,
    user_id: logout.userId,
    steps: JSON.stringify(logout.steps),
    state_hash: tokenHash(logout.state),
  });
}

export interface OpenLogout extends Place {
  id: number;
  steps: Step[];
  user_id: number;
}

/**
 * Takes a logout by its state, once: of many who come with it at the same time, one gets it. Where it comes to another
 * provider, it is used up by that.
 *
 * @returns undefined for a state that is unknown, used, too old or of another provider
 */
export async function takeLogout(
  db: Knex.Transaction,
  providerId: number,
  state: string,
): Promise<OpenLogout | undefined> {
  const [row] = await db('attempts')
    .where({ state_hash: tokenHash(state), kind: 'logout' })
    .update({ state_hash: null })
    .returning([
      'id',
      'organization_id',
      'provider_id',
      'steps',
      'user_id',
      db.raw("started_at < now() - ? * interval '1 second' as is_old", [FLOW_SECONDS]),
    ]);
  if (!row || row.is_old || row.provider_id !== providerId) return undefined;
  return row;
}

/** A logout of which nothing was kept: the provider began it, or the browser was not sent there. */
export async function insertLogout(
  db: Knex.Transaction,
  place: Place,
  { begunBy, ip, ...result }: Result & { begunBy: 'platform' | 'provider'; ip: string | null },
): Promise<void> {
  const outcome = result.reason === null ? 'succeeded' : 'failed';
  await db('attempts').insert({
    ...place,
    ...resultRow(result),
    kind: 'logout',
    begun_by: begunBy,
    outcome,
    ip,
    finished_at: db.fn.now(),
  });
}
