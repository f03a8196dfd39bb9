import { AUDIT_LOG_COLUMNS, AUDIT_OWNER, type AuditLogPlace, auditLogStatements } from '@rivergate/events';
import { carryOverStatements } from './carry-over.ts';
import { linkStatements } from './link-statements.ts';
import { partitionStatements } from './partition-statements.ts';
import { retentionStatements } from './retention-statements.ts';

/**
 * SQL that creates the audit log in which entries are chained, or brings an existing one up to date: run by a superuser
 * when a database is provisioned, idempotent. As every audit log (`auditLogStatements`), and beside that:
 *
 * - Each entry is linked to the one before it in its organization, by PostgreSQL, when it is written; the writer cannot
 *   choose what stands in the columns of the chain. What is hashed how: docs/audit-log.md.
 * - The head of each chain is a row of `audit_heads`, which is also the lock by which writers take turns.
 * - The table is partitioned by month. Entries leave it by `remove_audit_entries` alone, the oldest first.
 *
 * Entries of a log that was there before are chained in the order in which they came.
 */
export function chainedAuditLogStatements(place: AuditLogPlace): string {
  const erased = { origin: ', origin_salt = null', personal: ', personal_salt = null' };
  return [
    makeRoom(place),
    auditLogStatements(place, chainedTable(place), erased),
    headsTable(place),
    linkStatements(place),
    partitionStatements(place),
    carryOverStatements(place),
    triggers(place),
    retentionStatements(place),
  ].join(';\n');
}

/** What was there before under the names that the chained log takes. */
function makeRoom({ schema }: AuditLogPlace): string {
  return `
    do $$ begin
      if (select relkind = 'r' from pg_class where oid = to_regclass('${schema}.audit_log')) then
        alter table ${schema}.audit_log rename to audit_log_unchained;
        alter index ${schema}.audit_log_pkey rename to audit_log_unchained_pkey;
        alter sequence ${schema}.audit_log_id_seq rename to audit_log_unchained_id_seq;
        drop index if exists ${schema}.audit_log_by_organization, ${schema}.audit_log_by_subject,
          ${schema}.audit_log_by_actor, ${schema}.audit_log_of_person, ${schema}.audit_log_of_address;
      end if;
    end $$`;
}

function chainedTable({ schema }: AuditLogPlace): string {
  const log = `${schema}.audit_log`;
  return `
    create table if not exists ${log} (${AUDIT_LOG_COLUMNS},
      -- place in the chain of the organization, from 1 on without a gap
      sequence bigint not null,
      -- when it was chained; created_at is when it happened
      recorded_at timestamptz(3) not null,
      -- null when what it was for has been erased
      origin_salt uuid,
      origin_hash bytea not null,
      personal_salt uuid,
      personal_hash bytea,
      previous_hash bytea not null,
      hash bytea not null,
      -- roots of the subtrees that this entry completes, from two leaves upwards (RFC 9162, section 2.1)
      nodes bytea[] not null,
      primary key (id, created_at)
    ) partition by range (created_at);
    create index if not exists audit_log_by_sequence on ${log} (organization_id, sequence);
    create index if not exists audit_log_by_request on ${log} (organization_id, request_id);
    create index if not exists audit_log_by_event on ${log} (event_id);
    create index if not exists audit_log_by_action on ${log} (organization_id, action collate "C", id desc);
    create index if not exists audit_log_by_actor_text on ${log} (organization_id, actor, id desc);
    create index if not exists audit_log_by_time on ${log} (organization_id, created_at);`;
}

function headsTable({ schema, writer }: AuditLogPlace): string {
  const heads = `${schema}.audit_heads`;
  const nothing = `'\\x${'00'.repeat(32)}'`;
  return `
    create table if not exists ${heads} (
      -- 0 for entries without an organization
      organization_id bigint not null,
      sequence bigint not null default 0,
      hash bytea not null default ${nothing},
      -- roots of the complete subtrees that the log falls into, the largest first
      peaks bytea[] not null default '{}',
      recorded_at timestamptz(3) not null default '-infinity',
      -- the same of the last entry that was removed because its time was over
      start_sequence bigint not null default 0,
      start_hash bytea not null default ${nothing},
      start_peaks bytea[] not null default '{}',
      -- One row an organization, which chain_audit_entry sees to; found by its sequence, it says why.
      primary key (organization_id, sequence)
    );
    do $$ begin
      if (select indnatts = 1 from pg_index where indexrelid = to_regclass('${schema}.audit_heads_pkey')) then
        alter table ${heads} drop constraint audit_heads_pkey, add primary key (organization_id, sequence);
        alter table ${heads} reset (fillfactor);
      end if;
    end $$;
    alter table ${heads} owner to ${AUDIT_OWNER};
    revoke all on ${heads} from public, ${writer};
    grant select on ${heads} to ${writer};
    alter table ${heads} enable row level security;
    alter table ${heads} force row level security;
    drop policy if exists readable on ${heads};
    create policy readable on ${heads} for select using (
      current_setting('rivergate.scope', true) = 'platform'
      or organization_id = nullif(current_setting('rivergate.organization_id', true), '')::bigint
    );
    drop policy if exists kept on ${heads};
    create policy kept on ${heads} to ${AUDIT_OWNER} using (true)`;
}

/** The guard is against accidents: rights keep the writer from all of it, and nothing keeps a superuser who means to. */
function triggers({ schema }: AuditLogPlace): string {
  return `
    create or replace function ${schema}.guard_audit_log() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp as $$
    declare
      erasable constant text[] := '{ip_address,user_agent,personal,origin_salt,personal_salt}';
    begin
      if current_user = '${AUDIT_OWNER}' then
        if tg_op = 'DELETE' then return old; end if;
        if to_jsonb(new) - erasable = to_jsonb(old) - erasable then return new; end if;
      end if;
      raise exception 'The audit log is append-only' using errcode = 'insufficient_privilege';
    end $$;
    create or replace trigger guard_audit_log before update or delete on ${schema}.audit_log
      for each row execute function ${schema}.guard_audit_log();
    create or replace trigger chain_audit_entry before insert on ${schema}.audit_log
      for each row execute function ${schema}.chain_audit_entry()`;
}
