import type { Knex } from 'knex';

/** What identity knows from organization's events: the limits that organizations set, and for whom they count. */
export const organizationPolicies = {
  name: '0007_organization_policies',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      -- Only of organizations that ever changed a setting; without a row the platform's own limits hold.
      create table organization_policies (
        organization_id bigint primary key,
        -- Counts the changes of the settings: an older one that comes late changes nothing.
        revision bigint not null,
        session_seconds int not null,
        remembered_session_seconds int not null,
        access_token_seconds int not null,
        refresh_token_seconds int not null,
        password_min_length int not null,
        password_special_character boolean not null
      );

      -- No reference to users: who was withdrawn since may still be spoken of. Rows stay after a removal, so that an
      -- older event that comes late brings nobody back.
      create table memberships (
        user_id bigint not null,
        organization_id bigint not null,
        status text not null,
        said_at timestamptz not null,
        primary key (user_id, organization_id)
      );

      create index on sessions (organization_id) where revoked_at is null;
    `);
  },
};
