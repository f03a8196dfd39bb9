import { tenantTable } from '@rivergate/service';
import type { Knex } from 'knex';

/** Identity providers of organizations, and the domains that organizations have verified. */
export const providerTables = {
  name: '0004_providers',
  async up(db: Knex.Transaction): Promise<void> {
    await db.raw(`
      create table providers (
        id bigint generated always as identity primary key,
        organization_id bigint not null,
        provider_type text not null check (provider_type in ('saml', 'oidc')),
        name text not null,
        status text not null default 'active' check (status in ('active', 'inactive')),
        entity_id text,
        sso_url text,
        metadata_url text,
        -- [{pem, fingerprint, expires_at}], each trusted
        certificates jsonb not null default '[]',
        idp_initiated boolean,
        issuer text,
        client_id text,
        client_secret_sealed text,
        scopes text[],
        attribute_mapping jsonb not null,
        domains text[] not null,
        -- [{group, role_id, workspace_id}]
        group_mappings jsonb not null default '[]',
        created_by bigint not null,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        check (provider_type = 'oidc' or (entity_id is not null and sso_url is not null)),
        check (provider_type = 'saml' or (issuer is not null and client_id is not null))
      );
      create index on providers (organization_id, id);
      create index on providers using gin (domains);

      -- What organization says of its claims; one claim has one domain for ever.
      create table verified_domains (
        domain_id bigint primary key,
        organization_id bigint not null,
        domain text not null,
        is_verified boolean not null,
        said_at timestamptz not null
      );
      create index on verified_domains (domain) where is_verified;
      create index on verified_domains (organization_id);
    `);
    for (const table of ['providers', 'verified_domains']) await tenantTable(db, table);
  },
};
