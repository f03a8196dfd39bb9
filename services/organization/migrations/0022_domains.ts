import { acrossOrganizations } from '@rivergate/endpoint';
import { tenantTable } from '@rivergate/service';
import type { Knex } from 'knex';

/** Domains that organizations claim and verify, who wants to join by one, and who cannot any more. */
export const domains = {
  name: '0022_domains',
  async up(db: Knex.Transaction): Promise<void> {
    await acrossOrganizations(db);
    await db.raw(`
      create table domains (
        id bigint generated always as identity primary key,
        organization_id bigint not null references organizations (id) on delete cascade,
        -- lower case, in the ASCII form of international names
        domain text not null,
        -- what the TXT record has to hold; published, so no secret
        challenge text not null,
        created_at timestamptz not null default now(),
        -- null: claimed, and not verified or not any more
        verified_at timestamptz,
        last_checked_at timestamptz,
        last_check text check (last_check in ('found', 'missing', 'alias', 'unreachable')),
        next_check_at timestamptz,
        -- of a verified one: since when each answer of DNS was without the record, and how many there were
        missing_since timestamptz,
        missed_checks integer not null default 0,
        warned_at timestamptz,
        unique (organization_id, domain),
        check ((verified_at is null) = (next_check_at is null))
      );
      -- Several may claim a domain; the first to verify it has it.
      create unique index one_owner_of_domain on domains (domain) where verified_at is not null;
      create index domains_to_check on domains (next_check_at) where next_check_at is not null;

      -- People who asked to join; one whose request was rejected is remembered.
      create table join_requests (
        id bigint generated always as identity primary key,
        organization_id bigint not null references organizations (id) on delete cascade,
        user_id bigint not null,
        created_at timestamptz not null default now(),
        rejected_at timestamptz,
        rejected_by bigint,
        unique (organization_id, user_id)
      );
      create index pending_join_requests on join_requests (organization_id, created_at, id) where rejected_at is null;

      -- Whose membership has ended: they come back by an invitation only.
      create table former_members (
        organization_id bigint not null references organizations (id) on delete cascade,
        user_id bigint not null,
        ended_at timestamptz not null default now(),
        primary key (organization_id, user_id)
      );
      -- Those of the time before; the log has no more to say of organizations that are gone.
      insert into former_members (organization_id, user_id, ended_at)
        select l.organization_id, (l.metadata ->> 'user_id')::bigint, max(l.created_at)
        from audit_log l join organizations o on o.id = l.organization_id
        where l.action = 'member.removed' group by 1, 2;
    `);
    for (const table of ['domains', 'join_requests', 'former_members']) await tenantTable(db, table);
  },
};
