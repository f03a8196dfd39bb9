import type { Knex } from 'knex';
import { DeliveryNotFound } from '../delivery.ts';

export interface Message {
  organizationId: number;
  /** UUID */
  eventId: string;
  type: string;
  /** Subscriptions that want it. */
  patterns: readonly string[];
  /** ISO 8601 */
  time: string;
  payload: string;
}

/**
 * Keeps a message where a webhook of the organization wants it, and adds a delivery for each of those that are enabled. Whoever
 * deletes a webhook, or erases the organization, waits for this or is seen by it.
 *
 * @returns whether there are any
 */
export async function addMessage(db: Knex.Transaction, message: Message): Promise<boolean> {
  const { rows } = await db.raw(
    `with wanting as (
       select w.id, w.status from webhooks w
       where w.organization_id = :organizationId and w.event_types && :patterns::text[]
         -- As much as clocks may differ. The first process of this service to send webhooks reads all that has ever happened.
         and w.created_at <= :time::timestamptz + interval '1 minute'
         and exists (select from organizations o where o.id = :organizationId and o.deleted_at is null)
       for key share
     ), message as (
       insert into webhook_messages (organization_id, event_id, type, occurred_at, payload)
       select :organizationId::bigint, :eventId::uuid, :type, :time::timestamptz, :payload where exists (select from wanting)
       on conflict do nothing
       returning id
     )
     insert into webhook_deliveries (organization_id, webhook_id, message_id)
     select :organizationId::bigint, wanting.id, message.id from wanting cross join message
     where wanting.status = 'enabled' returning id`,
    { ...message, patterns: [...message.patterns] },
  );
  return rows.length > 0;
}

/** Adds a message for one webhook alone. @returns the id of its delivery */
export async function addMessageFor(
  db: Knex.Transaction,
  webhookId: number,
  { organizationId, eventId, type, time, payload }: Omit<Message, 'patterns'>,
): Promise<number> {
  const [message] = await db('webhook_messages')
    .insert({ organization_id: organizationId, event_id: eventId, type, occurred_at: time, payload })
    .returning('id');
  const [delivery] = await db('webhook_deliveries')
    .insert({ organization_id: organizationId, webhook_id: webhookId, message_id: message.id })
    .returning('id');
  return delivery.id;
}

/** Milliseconds, status or error, and the beginning of the answer of one try. */
export interface Attempt {
  /** ISO 8601 */
  at: string;
  status: number | null;
  /** Why there was no answer. */
  error: string | null;
  duration_ms: number;
  response: string | null;
}

export interface DeliveryRow {
  id: number;
  event_id: string;
  event_type: string;
  outcome: 'pending' | 'delivered' | 'failed' | 'cancelled';
  attempts: Attempt[];
  next_try_at: Date | null;
  created_at: Date;
  finished_at: Date | null;
}

/** The log of a webhook, without order and bounds. */
export function deliveriesOf(db: Knex.Transaction, webhookId: number): Knex.QueryBuilder {
  const deliveries = db('webhook_deliveries as d')
    .join('webhook_messages as m', 'm.id', 'd.message_id')
    .where('d.webhook_id', webhookId)
    .select(
      'd.id',
      'm.event_id',
      'm.type as event_type',
      'd.outcome',
      'd.attempts',
      db.raw("case when d.outcome = 'pending' then d.next_try_at end as next_try_at"),
      'd.created_at',
      'd.finished_at',
    );
  // A name of its own for each column, so that a page can be cut out.
  return db.from(deliveries.as('log'));
}

/** @throws DeliveryNotFound, also for one of another webhook */
export async function deliveryOf(db: Knex.Transaction, webhookId: number, id: number): Promise<DeliveryRow> {
  const row = await deliveriesOf(db, webhookId).where({ id }).first();
  if (!row) throw DeliveryNotFound();
  return row;
}

/** What makes a delivery due anew. Whoever changes deliveries holds the lock of their webhook. */
const ANEW = `outcome = 'pending', tries = 0, next_try_at = now(), claimed_until = null, finished_at = null`;

export async function replayDelivery(db: Knex.Transaction, webhookId: number, id: number): Promise<void> {
  await db.raw(
    `update webhook_deliveries set ${ANEW}
     where id = :id and webhook_id = :webhookId and coalesce(claimed_until <= now(), true)`,
    { id, webhookId },
  );
}

/**
 * Makes the messages of a time due for a webhook that it wants, the oldest first, those that were not there for it included.
 *
 * @returns how many, and when the next one was that was left out because of `most`
 */
export async function replayMessages(
  db: Knex.Transaction,
  { id, organization_id, event_types }: { id: number; organization_id: number; event_types: string[] },
  { from, to, delivered, most }: { from: string; to: string; delivered: boolean; most: number },
): Promise<{ deliveries: number; next: Date | null }> {
  const { rows } = await db.raw(
    `with wanted as (
       select m.id, m.occurred_at, row_number() over (order by m.occurred_at, m.id) as place
       from webhook_messages m left join webhook_deliveries d on d.message_id = m.id and d.webhook_id = :id
       where m.organization_id = :organization_id and m.occurred_at >= :from and m.occurred_at < :to
         and exists (select from unnest(:event_types::text[]) as pattern
           where m.type = pattern or (pattern like '%.*' and starts_with(m.type, left(pattern, -1))))
         and (d.id is null or d.outcome in ('failed', 'cancelled') or (:delivered::boolean and d.outcome = 'delivered'))
       order by m.occurred_at, m.id limit :most::int + 1
     ), replayed as (
       insert into webhook_deliveries (organization_id, webhook_id, message_id)
       select :organization_id::bigint, :id::bigint, wanted.id from wanted where place <= :most
       on conflict (message_id, webhook_id) do update set ${ANEW}
       returning id
     )
     select (select count(*) from replayed) as deliveries,
       (select occurred_at from wanted where place > :most) as next`,
    { id, organization_id, event_types: [...event_types], from, to, delivered, most },
  );
  return { deliveries: Number(rows[0].deliveries), next: rows[0].next };
}

/** Deliveries of a webhook that nobody waits for any more. */
export async function cancelDeliveries(db: Knex.Transaction, webhookId: number): Promise<void> {
  await db('webhook_deliveries')
    .where({ webhook_id: webhookId, outcome: 'pending' })
    .update({ outcome: 'cancelled', finished_at: db.fn.now() });
}

/** Days for which messages and what became of them can be looked up and replayed. */
const KEPT_DAYS = 30;
const AT_ONCE = 1_000;

/** Forgets what is older, in any organization. @returns whether there may be more */
export async function forgetOldMessages(db: Knex.Transaction): Promise<boolean> {
  const old = db('webhook_messages')
    .whereRaw(`created_at < now() - interval '${KEPT_DAYS} days'`)
    .limit(AT_ONCE)
    .select('id');
  return (await db('webhook_messages').whereIn('id', old).delete()) === AT_ONCE;
}
