import type { Client } from 'pg';

/** Sent with the topic's name when a topic got events, or a group's place at it came free. */
export const CHANNEL = 'rivergate_event_log';

/**
 * Appending takes a lock until its transaction is visible, so that positions appear in their order and a reader that
 * saw one never has to look back.
 */
const SCHEMA = `
  create table if not exists event_log.event (
    position bigint generated always as identity primary key,
    topic text not null,
    key text not null,
    event json not null,
    published_at timestamptz not null default clock_timestamp()
  );
  create index if not exists event_by_topic on event_log.event (topic, position);
  create table if not exists event_log.committed (
    consumer_group text not null,
    topic text not null,
    position bigint not null,
    primary key (consumer_group, topic)
  );
  create or replace function event_log.append(records json) returns void language plpgsql as $$
  begin
    perform pg_advisory_xact_lock(hashtextextended('rivergate.event_log.append', 0));
    insert into event_log.event (topic, key, event)
      select record->>'topic', record->>'key', record->'event'
      from json_array_elements(records) with ordinality as given (record, place)
      order by place;
    perform pg_notify('${CHANNEL}', topic)
      from (select distinct record->>'topic' as topic from json_array_elements(records) as given (record)) as topics;
  end $$;
`;

/** Creates the log's tables, whichever of the processes that start together comes first. */
export async function ensureSchema(client: Client): Promise<void> {
  await client.query('begin');
  try {
    await client.query(`select pg_advisory_xact_lock(hashtextextended('rivergate.event_log.schema', 0))`);
    const { rows } = await client.query(`select to_regnamespace('event_log') is null as missing`);
    if (rows[0].missing) await client.query('create schema event_log');
    await client.query(SCHEMA);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
}
