/** Owns every audit log. Nobody logs in as it, and it is granted to nobody. */
export const AUDIT_OWNER = 'rivergate_audit_owner';

/** Columns of every audit log, in their order. */
export const AUDIT_LOG_COLUMNS = `
  id bigint generated always as identity,
  action text not null,
  organization_id bigint,
  actor_user_id bigint,
  actor text not null,
  subject text not null,
  ip_address text,
  user_agent text,
  request_id text,
  metadata jsonb not null default '{}',
  created_at timestamptz(3) not null default now(),
  event_id uuid,
  personal jsonb,
  impersonator_user_id bigint`;

/** In which database an audit log is, and who writes it: quoted identifiers. */
export interface AuditLogPlace {
  schema: string;
  writer: string;
}

/** SQL that creates the audit log of a service, or brings an existing one up to date; see `auditLogStatements`. */
function plainTable({ schema }: AuditLogPlace): string {
  return `
    create table if not exists ${schema}.audit_log (${AUDIT_LOG_COLUMNS}, primary key (id));
    alter table ${schema}.audit_log
      add column if not exists event_id uuid, add column if not exists personal jsonb;`;
}

/**
 * SQL that creates the audit log of a schema, or brings an existing one up to date: run by a superuser when a database
 * is provisioned, idempotent.
 *
 * The log is append-only. Its writer may read and insert and is not its owner, who alone could truncate, alter or drop
 * it, or lift its row-level security; under that there is a policy for reading and one for inserting, and none for
 * changing or deleting. What the writer can take away are the personal values of a person who is erased, by
 * `erase_audited_person`.
 *
 * @param table SQL that creates the table, where it has more than every audit log has
 * @param erased assignments that go with the erasure of where somebody acted from, and with that of personal data
 */
export function auditLogStatements(
  place: AuditLogPlace,
  table = plainTable(place),
  erased = { origin: '', personal: '' },
): string {
  const { schema, writer } = place;
  const log = `${schema}.audit_log`;
  return `${table}
    alter table ${log} add column if not exists impersonator_user_id bigint;
    create index if not exists audit_log_by_organization on ${log} (organization_id, id desc);
    create index if not exists audit_log_by_subject on ${log} (organization_id, subject, id desc);
    create index if not exists audit_log_by_actor on ${log} (actor_user_id, action, id desc);
    create index if not exists audit_log_of_person on ${log} ((metadata ->> 'user_id')) where personal is not null;
    create index if not exists audit_log_of_address on ${log} ((personal ->> 'email')) where personal is not null;
    alter table ${log} owner to ${AUDIT_OWNER};
    revoke all on ${log} from public, ${writer};
    grant select, insert on ${log} to ${writer};
    alter table ${log} enable row level security;
    alter table ${log} force row level security;
    drop policy if exists readable on ${log};
    create policy readable on ${log} for select using (
      current_setting('rivergate.scope', true) = 'platform'
      or organization_id = nullif(current_setting('rivergate.organization_id', true), '')::bigint
      or actor_user_id = nullif(current_setting('rivergate.user_id', true), '')::bigint
    );
    drop policy if exists recordable on ${log};
    create policy recordable on ${log} for insert with check (true);
    drop policy if exists kept on ${log};
    create policy kept on ${log} to ${AUDIT_OWNER} using (true);

    -- From where somebody acted, and what entries about them hold of a person. Addresses are those the person ever had.
    -- In one organization, or in all: then the names of the organization that was made for the person go, too.
    drop function if exists ${schema}.erase_audited_person(bigint, text[]);
    create or replace function ${schema}.erase_audited_person(
      person bigint, addresses text[], organization bigint default null
    ) returns bigint language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
    declare
      erased bigint;
      more bigint;
    begin
      update ${log} set ip_address = null, user_agent = null${erased.origin}
        where actor_user_id = person and (ip_address is not null or user_agent is not null)
          and (organization is null or organization_id = organization);
      get diagnostics erased = row_count;
      update ${log} set personal = null${erased.personal}
        where personal is not null
          and (organization is null or organization_id = organization)
          and (metadata ->> 'user_id' = person::text or personal ->> 'email' = any(addresses));
      get diagnostics more = row_count;
      erased := erased + more;
      update ${log} set personal = null${erased.personal}
        where personal is not null and organization is null and starts_with(action, 'organization.')
          and organization_id in (
            select made.organization_id from ${log} made where made.actor_user_id = person
              and made.action = 'organization.created' and made.metadata ->> 'personal' = 'true');
      get diagnostics more = row_count;
      return erased + more;
    end $$;
    alter function ${schema}.erase_audited_person owner to ${AUDIT_OWNER};
    revoke all on function ${schema}.erase_audited_person from public;
    grant execute on function ${schema}.erase_audited_person to ${writer};
  `;
}
