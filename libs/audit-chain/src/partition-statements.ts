import { AUDIT_OWNER, type AuditLogPlace } from '@rivergate/events';

/** Months ahead of the current one for which there are partitions. */
const MONTHS_AHEAD = 3;

/** SQL of the partitions: one a month (UTC), and one for what fits into none of them, so that no entry is ever refused. */
export function partitionStatements({ schema, writer }: AuditLogPlace): string {
  return `
    create table if not exists ${schema}.audit_log_elsewhen partition of ${schema}.audit_log default;
    alter table ${schema}.audit_log_elsewhen owner to ${AUDIT_OWNER};

    create or replace function ${schema}.make_audit_partition(moment timestamptz) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
    declare
      month constant timestamp := date_trunc('month', moment at time zone 'UTC');
      starts constant timestamptz := month at time zone 'UTC';
      ends constant timestamptz := (month + interval '1 month') at time zone 'UTC';
      name constant text := to_char(month, '"audit_log_"YYYY_MM');
    begin
      if to_regclass('${schema}.' || name) is not null then return; end if;
      -- Attached when it is full: what came before its month had a partition lies in the one for the rest.
      execute format('create table ${schema}.%I (like ${schema}.audit_log including defaults including constraints)', name);
      execute format('with moved as (delete from ${schema}.audit_log_elsewhen where created_at >= %L and created_at < %L
        returning *) insert into ${schema}.%I select * from moved', starts, ends, name);
      execute format('alter table ${schema}.audit_log attach partition ${schema}.%I for values from (%L) to (%L)',
        name, starts, ends);
    end $$;
    alter function ${schema}.make_audit_partition owner to ${AUDIT_OWNER};
    revoke all on function ${schema}.make_audit_partition from public;

    -- For a schedule: makes partitions ahead of time, and drops those of past months of which every entry is gone.
    create or replace function ${schema}.keep_audit_partitions() returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
    declare
      part record;
      is_empty boolean;
    begin
      perform pg_advisory_xact_lock(hashtextextended('rivergate audit partitions ${schema.replaceAll("'", '')}', 0));
      perform ${schema}.make_audit_partition(month) from generate_series(
        now(), now() + interval '${MONTHS_AHEAD} months', interval '1 month') as month;
      for part in select inhrelid::regclass as name from pg_inherits join pg_class on pg_class.oid = inhrelid
        where inhparent = '${schema}.audit_log'::regclass
          and relname < to_char((now() - interval '1 month') at time zone 'UTC', '"audit_log_"YYYY_MM')
      loop
        execute format('select not exists (select from %s)', part.name) into is_empty;
        continue when not is_empty;
        -- Nobody reads or writes the log while its partition is dropped; whoever does for long is not waited for.
        begin
          set local lock_timeout = '1s';
          execute 'lock table ${schema}.audit_log in access exclusive mode';
          execute format('select not exists (select from %s)', part.name) into is_empty;
          if is_empty then execute format('drop table %s', part.name); end if;
        exception when lock_not_available then
          return;
        end;
      end loop;
    end $$;
    alter function ${schema}.keep_audit_partitions owner to ${AUDIT_OWNER};
    revoke all on function ${schema}.keep_audit_partitions from public;
    grant execute on function ${schema}.keep_audit_partitions to ${writer};
    select ${schema}.keep_audit_partitions()`;
}
