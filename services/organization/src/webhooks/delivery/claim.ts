import { acrossOrganizations } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import type { StoredSecret } from '../signature.ts';

/** Requests that one webhook has to answer at the same time, and all of an organization together. */
const OF_WEBHOOK = 10;
const OF_ORGANIZATION = 40;
/** Seconds for which a delivery is one process's: longer than a request takes at most. */
const LEASE = 60;

/** A delivery in hand, with what it takes to make it. */
export interface Claimed {
  id: number;
  claim: number;
  /** This one included. */
  tries: number;
  webhook_id: number;
  organization_id: number;
  url: string;
  secrets: StoredSecret[];
  event_id: string;
  payload: string;
}

/**
 * Takes deliveries that are due: in turns by webhook, so that those of which many are due delay no other. A webhook that
 * fails is asked one at a time. Deliveries of deleted organizations and disabled webhooks are left alone, and those of
 * webhooks that are locked for the moment.
 */
export async function claimDeliveries(knex: Knex, most: number): Promise<Claimed[]> {
  return await knex.transaction(async db => {
    await acrossOrganizations(db);
    // One claim after the other: each sees what the ones before have taken, and the bounds hold exactly. To plan what follows
    // takes longer than to do it.
    await db.raw(
      `select pg_advisory_xact_lock(hashtextextended('rivergate webhooks ' || current_schema(), 0)),
         set_config('plan_cache_mode', 'force_generic_plan', true)`,
    );
    const { rows } = await db.raw(
      `with recursive waiting (webhook_id) as (
         (select webhook_id from webhook_deliveries where outcome = 'pending' order by webhook_id limit 1)
         union all
         select (select d.webhook_id from webhook_deliveries d
                 where d.outcome = 'pending' and d.webhook_id > w.webhook_id order by d.webhook_id limit 1)
         from waiting w where w.webhook_id is not null
       ), open as (
         select w.id, w.organization_id, in_hand.n as in_hand,
           case when w.failures > 0 then 1 else :ofWebhook end - in_hand.n as room
         from waiting join webhooks w on w.id = waiting.webhook_id
           join organizations o on o.id = w.organization_id
           cross join lateral (select count(*) as n from webhook_deliveries d
             where d.webhook_id = w.id and d.claimed_until > now()) as in_hand
         where w.status = 'enabled' and o.deleted_at is null and exists (select from webhook_deliveries d
           where d.webhook_id = w.id and d.outcome = 'pending' and d.next_try_at <= now())
         for no key update of w skip locked
       ), due as (
         select d.id, open.organization_id,
           open.in_hand + row_number() over (partition by open.id order by d.next_try_at) as turn
         from open cross join lateral (select id, next_try_at from webhook_deliveries
           where webhook_id = open.id and outcome = 'pending' and next_try_at <= now()
           order by next_try_at limit greatest(open.room, 0)) as d
       ), placed as (
         select due.id, due.turn, row_number() over (partition by due.organization_id order by due.turn)
           + (select sum(in_hand) from open where open.organization_id = due.organization_id) as place
         from due
       ), taken as materialized (
         select id from placed where place <= :ofOrganization order by turn limit :most
       )
       update webhook_deliveries d
       set claim = d.claim + 1, tries = d.tries + 1, claimed_until = now() + :lease * interval '1 second',
         next_try_at = now() + :lease * interval '1 second'
       -- That it is due need not be looked at again: whoever changes it holds the lock of its webhook.
       from taken, webhooks w, webhook_messages m
       where d.id = taken.id and w.id = d.webhook_id and m.id = d.message_id
       returning d.id, d.claim, d.tries, d.webhook_id, d.organization_id, w.url, w.secrets, m.event_id, m.payload`,
      { ofWebhook: OF_WEBHOOK, ofOrganization: OF_ORGANIZATION, lease: LEASE, most },
    );
    return rows;
  });
}
