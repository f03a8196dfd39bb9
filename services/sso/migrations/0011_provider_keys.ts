import { tenantTable } from '@rivergate/service';
import type { Knex } from 'knex';

/** Key pairs of the platform, of its own for each SAML provider. */
export const providerKeys = {
  name: '0011_provider_keys',
  async up(db: Knex.Transaction): Promise<void> {
    await db.raw(`
      create table provider_keys (
        id bigint generated always as identity primary key,
        organization_id bigint not null,
        provider_id bigint not null references providers (id) on delete cascade,
        state text not null check (state in ('current', 'next', 'previous')),
        -- PEM
        certificate text not null,
        private_key_sealed text not null,
        -- SHA-256 of the certificate, hex in lower case
        fingerprint text not null,
        expires_at timestamptz not null,
        created_at timestamptz not null default now(),
        -- deferrable, so that two keys can change places
        unique (provider_id, state) deferrable
      );
      create index on provider_keys (organization_id);
    `);
    await tenantTable(db, 'provider_keys');
  },
};
