import { type SecretBox, tokenHash } from '@rivergate/secrets';
import type { Knex } from 'knex';
import { z } from 'zod';
import type { Received } from './received.ts';

/** Seconds for which a browser may be at a provider. */
export const FLOW_SECONDS = 600;
/** Days for which attempts can be looked at. */
export const KEPT_DAYS = 30;

/** What is kept while the browser is at the provider. */
const Flow = z.object({
  /** RFC 7636, towards the provider. */
  codeVerifier: z.string(),
  nonce: z.string(),
  /** S256, of the verifier that the browser keeps. */
  codeChallenge: z.string(),
  /** Of the page that began it, which gets it back. */
  pageState: z.string(),
});
export type Flow = z.output<typeof Flow>;

/** Something that was done in a sign-in. */
export interface Step {
  step: string;
  /** ISO 8601 */
  at: string;
  detail?: string;
}

export const stepOf = (step: string, detail?: string | null): Step => ({
  step,
  at: new Date().toISOString(),
  ...(detail ? { detail } : {}),
});

export interface Place {
  organization_id: number;
  provider_id: number;
}

const contextOf = (stateHash: string) => `sign-in ${stateHash}`;

/** Notes that a browser is sent to a provider, and keeps what belongs to the state. */
export async function beginAttempt(
  db: Knex.Transaction,
  secretBox: SecretBox,
  place: Place,
  { state, flow, steps, ip }: { state: string; flow: Flow; steps: readonly Step[]; ip: string | null },
): Promise<void> {
  const stateHash = tokenHash(state);
  await db('attempts').insert({
    ...place,
    begun_by: 'platform',
    ip,
    steps: JSON.stringify(steps),
    state_hash: stateHash,
    flow_sealed: secretBox.seal(JSON.stringify(flow), contextOf(stateHash)),
  });
}

export interface OpenAttempt extends Place {
  id: number;
  steps: Step[];
  flow: Flow;
}

/**
 * Takes what was kept for a state, once: of many who come with it at the same time, one gets it. Where it comes to another
 * provider, it is used up by that.
 *
 * @returns undefined for a state that is unknown, used, too old or of another provider
 */
export async function takeAttempt(
  db: Knex.Transaction,
  secretBox: SecretBox,
  providerId: number,
  state: string,
): Promise<OpenAttempt | undefined> {
  const stateHash = tokenHash(state);
  const row = await db('attempts')
    .where({ state_hash: stateHash, kind: 'sign_in' })
    .forUpdate()
    .first('*', db.raw("started_at < now() - ? * interval '1 second' as is_old", [FLOW_SECONDS]));
  if (!row) return undefined;
  await db('attempts').where({ id: row.id }).update({ state_hash: null, flow_sealed: null });
  const { id, organization_id, provider_id, steps } = row;
  if (row.is_old || provider_id !== providerId) return undefined;
  const flow = Flow.parse(JSON.parse(secretBox.open(row.flow_sealed, contextOf(stateHash))));
  return { id, organization_id, provider_id, steps, flow };
}

/** What an attempt came to. */
export interface Result {
  /** Null for a success. */
  reason: string | null;
  steps: readonly Step[];
  received: Received | null;
  userId: number | null;
  email: string | null;
}

export const resultRow = ({ reason, steps, received, userId, email }: Result) => ({
  reason,
  steps: JSON.stringify(steps),
  received: received && JSON.stringify(received),
  user_id: userId,
  email,
});

export async function finishAttempt(db: Knex.Transaction, id: number, result: Result): Promise<void> {
  await db('attempts')
    .where({ id })
    .update({
      ...resultRow(result),
      outcome: result.reason === null ? 'succeeded' : 'failed',
      finished_at: db.fn.now(),
    });
}

/**
 * Of a sign-in of which nothing was kept: the provider began it, or it ended before the browser was sent there.
 *
 * @returns its id
 */
export async function insertAttempt(
  db: Knex.Transaction,
  place: Place,
  attempt: Result & { outcome: 'pending' | 'failed'; begunBy: 'platform' | 'provider'; ip: string | null },
): Promise<number> {
  const { outcome, begunBy: begun_by, ip } = attempt;
  const finished_at = outcome === 'pending' ? null : db.fn.now();
  const [{ id }] = await db('attempts')
    .insert({ ...place, ...resultRow(attempt), outcome, begun_by, ip, finished_at })
    .returning('id');
  return id;
}

/** What is known of an attempt that waits to be confirmed. */
export async function pendingAttempt(
  db: Knex.Transaction,
  id: number,
): Promise<Pick<Result, 'received' | 'email'> & { steps: Step[] }> {
  return await db('attempts').where({ id }).first('steps', 'received', 'email');
}

/**
 * Of one provider: sign-ins since it was set up, and what came of attempts of the last 30 days.
 */
export async function statisticsOf(db: Knex.Transaction, providerId: number) {
  const [all, recent] = await Promise.all([
    db('connections')
      .where({ provider_id: providerId })
      .first(
        db.raw('coalesce(sum(logins), 0)::bigint as logins_total'),
        db.raw('max(last_login_at) as last'),
      ),
    db('attempts')
      .where({ provider_id: providerId, kind: 'sign_in' })
      .whereRaw("started_at > now() - ? * interval '1 day'", [KEPT_DAYS])
      .first(
        db.raw("count(*) filter (where outcome = 'succeeded') as logins"),
        db.raw("count(*) filter (where outcome = 'failed') as failures"),
      ),
  ]);
  return {
    logins_total: Number(all.logins_total),
    logins_30d: Number(recent.logins),
    failures_30d: Number(recent.failures),
    last_login_at: all.last as Date | null,
  };
}

/** Deletes attempts that are too old, and those that nobody came back from sooner: anybody can begin them. */
export async function forgetOldAttempts(db: Knex.Transaction): Promise<void> {
  await db('attempts').whereRaw("started_at < now() - ? * interval '1 day'", [KEPT_DAYS]).delete();
  await db('attempts')
    .where({ outcome: 'pending' })
    .whereRaw("started_at < now() - interval '1 day'")
    .delete();
}
