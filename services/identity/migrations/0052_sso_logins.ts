import type { Knex } from 'knex';

/** Sign-ins at the identity providers of organizations. */
export const ssoLogins = {
  name: '0052_sso_logins',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      -- Whom a provider has authenticated, until the browser trades its code in.
      create table sso_logins (
        code_hash text primary key,
        user_id bigint not null references users on delete cascade,
        organization_id bigint not null,
        provider_id bigint not null,
        login_id text not null,
        -- RFC 8176, as the provider says
        methods text[] not null,
        -- S256 (RFC 7636); null for a sign-in that the provider began
        code_challenge text,
        session_ends_at timestamptz,
        expires_at timestamptz not null
      );
      create index on sso_logins (user_id);
      create index on sso_logins (organization_id);

      -- By which sign-in a session was opened; it acts in that organization alone.
      alter table sessions
        add column sso_organization_id bigint,
        add column sso_provider_id bigint,
        add column sso_login_id text,
        add check (num_nulls(sso_organization_id, sso_provider_id, sso_login_id) in (0, 3));
      create index on sessions (sso_organization_id, sso_provider_id) where sso_login_id is not null and revoked_at is null;
    `);
  },
};
