/** Owns every audit log. Nobody logs in as it, and it is granted to nobody. */
export const AUDIT_OWNER = 'rivergate_audit_owner';

/**
 * SQL that creates the audit log of a schema, or brings an existing one up to date: run by a superuser when a database
 * is provisioned, idempotent. Both names must be quoted identifiers.
 *
 * The log is append-only. Its writer may read and insert and is not its owner, who alone could truncate, alter or drop
 * it, or lift its row-level security; under that there is a policy for reading and one for inserting, and none for
 * changing or deleting.
 */
export function auditLogStatements({ schema, writer }: { schema: string; writer: string }): string {
  const table = `${schema}.audit_log`;
  return `
    create table if not exists ${table} (
      id bigint generated always as identity primary key,
      action text not null,
      organization_id bigint,
      actor_user_id bigint,
      actor text not null,
      subject text not null,
      ip_address text,
      user_agent text,
      request_id text,
      metadata jsonb not null default '{}',
      created_at timestamptz not null default now()
    );
    create index if not exists audit_log_by_organization on ${table} (organization_id, id desc);
    create index if not exists audit_log_by_subject on ${table} (organization_id, subject, id desc);
    create index if not exists audit_log_by_actor on ${table} (actor_user_id, action, id desc);
    alter table ${table} owner to ${AUDIT_OWNER};
    revoke all on ${table} from public, ${writer};
    grant select, insert on ${table} to ${writer};
    alter table ${table} enable row level security;
    alter table ${table} force row level security;
    drop policy if exists readable on ${table};
    create policy readable on ${table} for select using (
      current_setting('rivergate.scope', true) = 'platform'
      or organization_id = nullif(current_setting('rivergate.organization_id', true), '')::bigint
      or actor_user_id = nullif(current_setting('rivergate.user_id', true), '')::bigint
    );
    drop policy if exists recordable on ${table};
    create policy recordable on ${table} for insert with check (true);
  `;
}
