import { AUDIT_OWNER, type AuditLogPlace } from '@rivergate/events';

/** Days for which every entry is kept, whatever an organization has set and whoever asks. */
export const LEAST_RETENTION_DAYS = 30;

/** SQL that removes entries of which the time is over, and keeps where the chain goes on. */
export function retentionStatements({ schema, writer }: AuditLogPlace): string {
  return `
    -- Removes the oldest entries of an organization, up to the first that happened at the given moment or later: at most so
    -- many at once, since nobody can write into the chain meanwhile.
    create or replace function ${schema}.remove_audit_entries(organization bigint, until timestamptz, at_most int)
    returns int language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
    declare
      head ${schema}.audit_heads;
      entry record;
      removed int := 0;
    begin
      if until > now() - interval '${LEAST_RETENTION_DAYS} days' then
        raise exception 'Audit entries are kept for ${LEAST_RETENTION_DAYS} days at least'
          using errcode = 'insufficient_privilege';
      end if;
      select * into head from ${schema}.audit_heads where organization_id = organization for update;
      if not found then return 0; end if;
      for entry in select sequence, hash, created_at from ${schema}.audit_log
        where organization_id = organization and sequence > head.start_sequence order by sequence limit at_most
      loop
        -- Where one is missing, somebody else has removed it: what is left stays for audit:verify to find.
        exit when entry.created_at >= until or entry.sequence <> head.start_sequence + 1;
        select added.peaks into head.start_peaks
          from ${schema}.add_leaf(head.start_peaks, head.start_sequence, entry.hash) added;
        head.start_sequence := entry.sequence;
        head.start_hash := entry.hash;
        removed := removed + 1;
      end loop;
      if removed = 0 then return 0; end if;
      delete from ${schema}.audit_log where organization_id = organization and sequence <= head.start_sequence
        and created_at < until;
      update ${schema}.audit_heads set start_sequence = head.start_sequence, start_hash = head.start_hash,
        start_peaks = head.start_peaks where organization_id = organization;
      return removed;
    end $$;
    alter function ${schema}.remove_audit_entries owner to ${AUDIT_OWNER};
    revoke all on function ${schema}.remove_audit_entries from public;
    grant execute on function ${schema}.remove_audit_entries to ${writer}`;
}
