import { tenantTable } from '@rivergate/service';
import type { Knex } from 'knex';

const TABLES = [
  'scim_settings',
  'scim_users',
  'scim_groups',
  'scim_group_members',
  'scim_deprovisions',
  'scim_attempts',
];

/** Provisioning by SCIM: who may, what it has written, and what became of each request. */
export const scim = {
  name: '0003_scim',
  async up(db: Knex.Transaction): Promise<void> {
    await db.raw(`
      -- Of users and groups: one that is gone and comes again has none that it had before.
      create sequence scim_versions;

      create table scim_settings (
        organization_id bigint primary key,
        enabled boolean not null default false,
        -- {email, display_name}: paths of attributes
        attribute_mapping jsonb not null,
        default_role_id bigint,
        -- [{group, role_id, workspace_id}]
        group_mappings jsonb not null default '[]',
        -- Members, in percent, that may be deprovisioned in an hour; null: all
        brake_percent int,
        stopped_at timestamptz,
        released_until timestamptz,
        last_sync_at timestamptz,
        updated_at timestamptz not null default now()
      );

      -- Found by its hash before anybody knows for which organization.
      create table scim_tokens (
        id bigint generated always as identity primary key,
        organization_id bigint not null,
        -- SHA-256; the token itself is nowhere
        token_hash text not null unique,
        networks text[] not null default '{}',
        created_by bigint not null,
        created_at timestamptz not null default now(),
        -- null: until it is revoked
        expires_at timestamptz,
        last_used_at timestamptz,
        -- while its organization is deleted and may be restored
        suspended boolean not null default false,
        revoked_at timestamptz
      ) with (fillfactor = 80);
      create index on scim_tokens (organization_id);

      -- A row for each who is, or was, a member.
      create table scim_users (
        organization_id bigint not null,
        user_id bigint not null,
        status text not null check (status in ('active', 'suspended', 'removed')),
        is_admin boolean not null default false,
        -- when it was so: what is said of an earlier time changes nothing
        said_at timestamptz not null,
        -- null: of whom nothing is known yet, or who is no member any more
        user_name text,
        -- Stored, since under row-level security no index over lower() is used.
        folded_name text generated always as (lower(user_name)) stored,
        external_id text,
        -- false: a client has removed the attribute, which leaves the membership as it is
        says_active boolean not null default true,
        -- what else a client wrote, or what the account says where none did
        document jsonb not null default '{}',
        version bigint not null default nextval('scim_versions'),
        -- by a client; null: it follows the account
        written_at timestamptz,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        -- roles by groups are to be told to organization
        roles_due_at timestamptz,
        primary key (organization_id, user_id),
        check (status <> 'removed' or user_name is null)
      ) with (fillfactor = 80);
      create unique index one_user_of_a_name on scim_users (organization_id, folded_name) where written_at is not null;
      create index scim_users_by_name on scim_users (organization_id, folded_name);
      create index scim_users_by_external_id on scim_users (organization_id, external_id);
      create index scim_users_listed on scim_users (organization_id, user_id) where user_name is not null;
      create index scim_users_of_person on scim_users (user_id);
      create index scim_users_roles_due on scim_users (roles_due_at) where roles_due_at is not null;

      create table scim_groups (
        id bigint generated always as identity primary key,
        organization_id bigint not null,
        display_name text not null,
        folded_name text not null generated always as (lower(display_name)) stored,
        external_id text,
        version bigint not null default nextval('scim_versions'),
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        unique (organization_id, id)
      );
      create unique index one_group_of_a_name on scim_groups (organization_id, folded_name);
      create index scim_groups_by_external_id on scim_groups (organization_id, external_id);

      create table scim_group_members (
        organization_id bigint not null,
        group_id bigint not null,
        -- one of both
        user_id bigint,
        member_group_id bigint,
        foreign key (organization_id, group_id) references scim_groups (organization_id, id) on delete cascade,
        foreign key (organization_id, user_id) references scim_users (organization_id, user_id) on delete cascade,
        foreign key (organization_id, member_group_id) references scim_groups (organization_id, id) on delete cascade,
        unique nulls not distinct (organization_id, group_id, user_id, member_group_id),
        check ((user_id is null) <> (member_group_id is null))
      );
      create index on scim_group_members (organization_id, user_id);
      create index on scim_group_members (organization_id, member_group_id);

      create table scim_deprovisions (
        organization_id bigint not null,
        user_id bigint not null,
        at timestamptz not null default now(),
        primary key (organization_id, user_id)
      );
      create index on scim_deprovisions (at);

      create table scim_attempts (
        id bigint generated always as identity primary key,
        organization_id bigint not null,
        token_id bigint not null,
        operation text not null,
        user_id bigint,
        group_id bigint,
        status int not null,
        scim_type text,
        detail text,
        -- without secrets, and shortened
        body jsonb,
        ip text,
        request_id text not null,
        at timestamptz not null default now()
      );
      create index on scim_attempts (organization_id, id);
      create index on scim_attempts (organization_id, user_id);
      create index on scim_attempts (at);
    `);
    for (const table of TABLES) await tenantTable(db, table);
  },
};
