import type { Knex } from 'knex';
import type { SigningAlgorithm } from '../keys/signing-key-store.ts';

/** Notes for every application that signed somebody in by one of these sessions that it has to be told of their end. */
export async function noteLogouts(db: Knex, sessions: readonly { id: number }[]): Promise<void> {
  if (sessions.length === 0) return;
  await db.raw(
    `insert into logout_notices (application_id, user_id, session_id)
     select distinct g.application_id, g.user_id, g.session_id
     from oauth_grants g join oauth_applications a on a.id = g.application_id
     where g.session_id = any(:sessionIds) and g.code_used_at is not null and 'openid' = any(g.identity_scopes)
       and a.status = 'active' and a.backchannel_logout_uri is not null
     on conflict do nothing`,
    { sessionIds: sessions.map(({ id }) => id) },
  );
}

export interface LogoutNotice {
  id: number;
  user_id: number;
  session_id: number;
  /** This one included. */
  tries: number;
  client_id: string;
  backchannel_logout_uri: string;
  id_token_signed_response_alg: SigningAlgorithm;
}

/** Notices are tried this often, the last time after about an hour and a half. */
export const MOST_TRIES = 7;

/**
 * Notices that are due, for whoever sends them now: of those that take them at the same time, each gets others. What is not
 * forgotten is due again after 30 seconds, a minute, two, and so on.
 */
export async function takeNotices(knex: Knex, most: number): Promise<LogoutNotice[]> {
  const { rows } = await knex.raw(
    `update logout_notices n
     set tries = n.tries + 1, next_try_at = now() + 30 * (2 ^ n.tries) * interval '1 second'
     from oauth_applications a
     where a.id = n.application_id and a.backchannel_logout_uri is not null and n.id in (
       select id from logout_notices where next_try_at <= now() order by next_try_at limit :most
       for update skip locked)
     returning n.id, n.user_id, n.session_id, n.tries, a.client_id, a.backchannel_logout_uri,
       a.id_token_signed_response_alg`,
    { most },
  );
  return rows;
}

export async function forgetNotices(knex: Knex, ids: readonly number[]): Promise<void> {
  await knex('logout_notices').whereIn('id', ids).delete();
}

/** Notices of applications that want none any more. */
export async function forgetUnwantedNotices(knex: Knex): Promise<void> {
  const unwanted = knex('oauth_applications').whereNull('backchannel_logout_uri').select('id');
  await knex('logout_notices').whereIn('application_id', unwanted).delete();
}
