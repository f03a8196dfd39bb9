import { AUDIT_OWNER, type AuditLogPlace, catalogue } from '@rivergate/events';

/**
 * SQL that chains the entries of a log that was there before, in the order in which they came, and drops it. What the
 * catalogue says is personal is taken apart for them too.
 */
export function carryOverStatements({ schema }: AuditLogPlace): string {
  const personal = catalogue
    .filter(declaration => declaration.personal)
    .map(({ audit, personal: names }) => `when '${audit}' then '{${names!.join(',')}}'`);
  return `
    do $$
    declare
      old record;
      entry ${schema}.audit_log;
      head ${schema}.audit_heads;
      linked record;
      names text[];
    begin
      -- Only what was renamed above: in the schema, the writer may make objects of any name.
      if not exists (select from pg_class where oid = to_regclass('${schema}.audit_log_unchained')
        and relkind = 'r' and relowner = '${AUDIT_OWNER}'::regrole) then return; end if;
      perform ${schema}.make_audit_partition(month) from (
        select distinct date_trunc('month', created_at at time zone 'UTC') at time zone 'UTC' as month
        from ${schema}.audit_log_unchained) months;
      for old in select * from ${schema}.audit_log_unchained order by coalesce(organization_id, 0), id loop
        if head.organization_id is distinct from coalesce(old.organization_id, 0) then
          if head.organization_id is not null then insert into ${schema}.audit_heads select head.*; end if;
          head := null;
          insert into ${schema}.audit_heads (organization_id) values (coalesce(old.organization_id, 0))
            returning * into head;
          delete from ${schema}.audit_heads where organization_id = head.organization_id;
        end if;
        names := case old.action ${personal.join(' ')} else '{}' end;
        entry := jsonb_populate_record(null::${schema}.audit_log, to_jsonb(old));
        entry.personal := (select jsonb_object_agg(key, value) from jsonb_each(old.metadata)
          where key = any(names) and value <> 'null');
        entry.metadata := old.metadata - names;
        linked := ${schema}.link_audit_entry(entry, head);
        entry := linked.entry;
        head := linked.head;
        insert into ${schema}.audit_log overriding system value select entry.*;
      end loop;
      if head.organization_id is not null then insert into ${schema}.audit_heads select head.*; end if;
      perform setval('${schema}.audit_log_id_seq',
        greatest(1, (select coalesce(max(id), 0) from ${schema}.audit_log_unchained)));
      drop table ${schema}.audit_log_unchained;
    end $$`;
}
