import type { Knex } from 'knex';

/** How OAuth clients prove themselves, whose they are, and for what their grants are. */
export const oauthClients = {
  name: '0030_oauth_clients',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      alter table oauth_applications
        -- null for a client that registered itself without a token: its grants say for which organization
        alter column organization_id drop not null,
        -- null for a client that has no secret
        alter column secret_hash drop not null,
        -- RFC 7591, section 2; null: by the secret, in the header or in the body
        add column token_endpoint_auth_method text
          check (token_endpoint_auth_method in ('none', 'client_secret_basic', 'client_secret_post')),
        -- RFC 9126, section 6
        add column require_pushed_authorization_requests boolean not null default false,
        -- SHA-256 of what a client manages its own registration with (RFC 7592); null where an administrator does
        add column registration_token_hash text unique,
        add column self_registered boolean not null generated always as (registration_token_hash is not null) stored,
        -- what a client that registered itself says of its software (RFC 7591, section 2)
        add column software_id text,
        add column software_version text,
        add column client_uri text,
        add check ((secret_hash is null) = (token_endpoint_auth_method is not distinct from 'none')),
        add check (
          organization_id is not null
          or (registration_token_hash is not null and token_endpoint_auth_method = 'none')
        );
      create index on oauth_applications (created_at) where organization_id is null;

      alter table oauth_grants
        add column organization_id bigint,
        -- RFC 8707; null: the API
        add column resource text;
      update oauth_grants g set organization_id = a.organization_id
        from oauth_applications a where a.id = g.application_id;
      alter table oauth_grants alter column organization_id set not null;

      alter table organization_policies add column open_clients boolean not null default false;
      create index on organization_policies (organization_id) where open_clients;
    `);
  },
};
