import { AUDIT_OWNER, type AuditLogPlace } from '@rivergate/events';

/** SQL of how an entry is linked to the one before it; docs/audit-log.md says it in words. */
export function linkStatements({ schema }: AuditLogPlace): string {
  const functions = ['canonical_number(text)', 'canonical_json(jsonb)', 'audit_time(timestamptz)'];
  return `
    ${canonicalJson(schema)}
    create or replace function ${schema}.audit_time(moment timestamptz) returns text
    language sql immutable parallel safe as $$
      select to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
    $$;

    -- Adds a leaf to the complete subtrees that a log of this size falls into.
    create or replace function ${schema}.add_leaf(inout peaks bytea[], size bigint, leaf bytea, out nodes bytea[])
    language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
    declare
      node bytea := leaf;
    begin
      nodes := '{}';
      while size & 1 = 1 loop
        node := sha256('\\x01'::bytea || peaks[cardinality(peaks)] || node);
        peaks := trim_array(peaks, 1);
        nodes := array_append(nodes, node);
        size := size >> 1;
      end loop;
      peaks := array_append(peaks, node);
    end $$;

    create or replace function ${schema}.link_audit_entry(
      inout entry ${schema}.audit_log, inout head ${schema}.audit_heads
    ) language plpgsql set search_path = pg_catalog, pg_temp as $$
    begin
      entry.sequence := head.sequence + 1;
      entry.recorded_at := greatest(clock_timestamp(), head.recorded_at);
      entry.origin_salt := gen_random_uuid();
      entry.origin_hash := sha256(uuid_send(entry.origin_salt) || convert_to(
        '{"ip_address":' || coalesce(to_json(entry.ip_address)::text, 'null')
        || ',"user_agent":' || coalesce(to_json(entry.user_agent)::text, 'null') || '}', 'UTF8'));
      entry.personal_salt := null;
      entry.personal_hash := null;
      if entry.personal is not null then
        entry.personal_salt := gen_random_uuid();
        entry.personal_hash := sha256(
          uuid_send(entry.personal_salt) || convert_to(${schema}.canonical_json(entry.personal), 'UTF8'));
      end if;
      entry.previous_hash := head.hash;
      -- The members in their order: canonical_json would come to the same, at twice the price.
      entry.hash := sha256('\\x00'::bytea || convert_to(
        '{"action":' || to_json(entry.action)::text
        || ',"actor":' || to_json(entry.actor)::text
        || ',"actor_user_id":' || coalesce(entry.actor_user_id::text, 'null')
        || ',"created_at":"' || ${schema}.audit_time(entry.created_at)
        || '","event_id":' || coalesce(to_json(entry.event_id)::text, 'null')
        || ',"id":' || entry.id
        || coalesce(',"impersonator_user_id":' || entry.impersonator_user_id, '')
        || ',"metadata":' || ${schema}.canonical_json(entry.metadata)
        || ',"organization_id":' || coalesce(entry.organization_id::text, 'null')
        || ',"origin_hash":"' || encode(entry.origin_hash, 'hex')
        || '","personal_hash":' || coalesce('"' || encode(entry.personal_hash, 'hex') || '"', 'null')
        || ',"previous_hash":"' || encode(entry.previous_hash, 'hex')
        || '","recorded_at":"' || ${schema}.audit_time(entry.recorded_at)
        || '","request_id":' || coalesce(to_json(entry.request_id)::text, 'null')
        || ',"sequence":' || entry.sequence
        || ',"subject":' || to_json(entry.subject)::text || '}', 'UTF8'));
      select added.peaks, added.nodes into head.peaks, entry.nodes
        from ${schema}.add_leaf(head.peaks, head.sequence, entry.hash) added;
      head.sequence := entry.sequence;
      head.hash := entry.hash;
      head.recorded_at := entry.recorded_at;
    end $$;

    -- As the owner, since its writer has no right on the heads. The lock on the head lasts to the end of the transaction:
    -- entries are chained in the order in which they are committed.
    --
    -- The head is found as the highest sequence of its organization. No version that a transaction leaves behind can be
    -- removed before its commit, and a scan that passes over them takes a time that is square in the entries: only an ordered
    -- scan of the primary key ends at the first.
    create or replace function ${schema}.chain_audit_entry() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
      set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off as $$
    declare
      entry ${schema}.audit_log;
      head ${schema}.audit_heads;
      linked record;
      chain constant bigint := coalesce(new.organization_id, 0);
    begin
      select * into head from ${schema}.audit_heads where organization_id = chain order by sequence desc limit 1 for update;
      if not found then
        -- The key does not keep a second head away: who begins a chain waits for whoever is at it.
        perform pg_advisory_xact_lock(hashtextextended('rivergate audit chain ${schema.replaceAll("'", '')} ' || chain, 0));
        select * into head from ${schema}.audit_heads where organization_id = chain order by sequence desc limit 1 for update;
        if not found then
          -- What was begun while this waited would not be seen by an older snapshot.
          if current_setting('transaction_isolation') <> 'read committed' then
            raise exception 'A chain begins in a transaction that is read committed' using errcode = 'serialization_failure';
          end if;
          insert into ${schema}.audit_heads (organization_id) values (chain) returning * into head;
        end if;
      end if;
      -- An event that comes again, long after inboxes have forgotten it.
      if new.event_id is not null and exists (
        select from ${schema}.audit_log where event_id = new.event_id and created_at = new.created_at
          and organization_id is not distinct from new.organization_id
      ) then
        return null;
      end if;
      entry := new;
      -- Drawn under the lock: within an organization ids have the order of the chain.
      entry.id := nextval('${schema}.audit_log_id_seq');
      linked := ${schema}.link_audit_entry(entry, head);
      entry := linked.entry;
      head := linked.head;
      update ${schema}.audit_heads set sequence = head.sequence, hash = head.hash, peaks = head.peaks,
        recorded_at = head.recorded_at where organization_id = chain and sequence = head.sequence - 1;
      return entry;
    end $$;
    alter function ${schema}.chain_audit_entry owner to ${AUDIT_OWNER};
    ${[...functions, 'add_leaf', 'link_audit_entry'].map(name => `alter function ${schema}.${name} owner to ${AUDIT_OWNER};`).join('\n')}
  `;
}

/** RFC 8785, of what PostgreSQL takes as jsonb. Numbers are doubles, as in JSON that JavaScript reads. */
function canonicalJson(schema: string): string {
  return `
    create or replace function ${schema}.canonical_number(digits text) returns text
    language plpgsql immutable strict parallel safe set search_path = pg_catalog, pg_temp set extra_float_digits = 1 as $$
    declare
      value constant double precision := digits::double precision;
    begin
      -- ECMAScript, Number::toString: exponents from 1e21 on, and below 1e-6.
      if value = 0 then return '0'; end if;
      if abs(value) >= 1e21 or abs(value) < 1e-6 then
        return regexp_replace(value::text, 'e([+-])0*', 'e\\1');
      end if;
      return trim_scale(value::text::numeric)::text;
    end $$;

    create or replace function ${schema}.canonical_json(value jsonb) returns text
    language plpgsql immutable strict parallel safe set search_path = pg_catalog, pg_temp as $$
    begin
      case jsonb_typeof(value)
        when 'object' then return (
          -- In the order of UTF-16: characters beyond the first plane come before U+E000.
          select '{' || coalesce(string_agg(to_json(key)::text || ':' ||
              case when jsonb_typeof(member) in ('object', 'array', 'number') then ${schema}.canonical_json(member)
                else member::text end,
            ',' order by case when octet_length(key) = length(key) then key
              else regexp_replace(key, '([\\uE000-\\uFFFF])', U&'\\+10FFFF' || '\\1', 'g') end collate "C"), '') || '}'
          from jsonb_each(value) as members (key, member));
        when 'array' then return (
          select '[' || coalesce(string_agg(${schema}.canonical_json(item), ',' order by place), '') || ']'
          from jsonb_array_elements(value) with ordinality as items (item, place));
        when 'number' then
          -- Whole numbers that a double holds stand as they are.
          if value::text ~ '^(0|-?[1-9][0-9]{0,14})$' then return value::text; end if;
          return ${schema}.canonical_number(value::text);
        else return value::text;
      end case;
    end $$;`;
}
