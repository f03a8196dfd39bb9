import type { Knex } from 'knex';

/** Members as an organization knows them, and what finds them among many. */
export const users = {
  name: '0012_users',
  async up(db: Knex.Transaction): Promise<void> {
    await db.raw(`
      alter table memberships
        -- shown in this organization in place of the user's own; null: the user's own
        add column display_name text,
        -- '': none, whatever the user's own is
        add column profile_image_url text,
        add column updated_at timestamptz not null default now();
      create index members_in_order on memberships (organization_id, joined_at, user_id);
      create index renamed_members on memberships (organization_id) where display_name is not null;

      -- When users were last seen, by identity's events. A table of its own: it changes with every login, and the indexes of
      -- people with it.
      create table user_activity (
        user_id bigint primary key,
        last_login_at timestamptz,
        last_activity_at timestamptz not null
      );

      -- Part of an address or a name. On people, who are not under row-level security: under it no index is used by LIKE,
      -- which could tell of rows that are not visible.
      create index people_by_part on people
        using gin ((email || E'\\n' || lower(display_name)) extensions.gin_trgm_ops);

      -- What members of an organization are shown as. Row-level security counts for who asks.
      create view members with (security_invoker = true) as
        select m.organization_id, m.user_id, p.email,
          coalesce(m.display_name, p.display_name) as display_name,
          nullif(coalesce(m.profile_image_url, p.profile_image_url), '') as profile_image_url,
          m.status, m.status_updated_at, m.is_admin, m.source, m.joined_at,
          greatest(m.updated_at, p.updated_at) as updated_at,
          coalesce(p.email = any(p.verified_emails), false) as email_verified,
          a.last_login_at, a.last_activity_at
        from memberships m
          left join people p on p.user_id = m.user_id
          left join user_activity a on a.user_id = m.user_id;

      -- Tries to create a user that told that an address has an account.
      create table taken_addresses (
        id bigint generated always as identity primary key,
        told_to bigint not null,
        told_at timestamptz not null default now()
      );
      create index on taken_addresses (told_to, told_at);
    `);
  },
};
