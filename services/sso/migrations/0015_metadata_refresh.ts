import type { Knex } from 'knex';

/** Metadata of SAML providers that is read again by itself, and who was told of certificates that expire. */
export const metadataRefresh = {
  name: '0015_metadata_refresh',
  async up(db: Knex.Transaction): Promise<void> {
    await db.raw(`
      alter table providers
        -- of SAML alone; needs metadata_url
        add column metadata_refresh boolean,
        add column metadata_refresh_at timestamptz not null default now() + random() * interval '1 hour',
        add column metadata_refreshed_at timestamptz,
        add column metadata_valid_until timestamptz,
        -- of an answer of which nothing is left to do
        add column metadata_etag text,
        add column metadata_last_modified text,
        -- {code, message, since, told}: why it could not be read
        add column metadata_failure jsonb,
        -- {reasons, sso_url, fingerprints, since, told}: what it says and is not taken without an administrator
        add column metadata_withheld jsonb,
        -- when administrators were last told of what is withheld
        add column metadata_told_at timestamptz,
        -- by fingerprint, at how many days before its end administrators were last told of a certificate
        add column certificates_noticed jsonb not null default '{}';
      -- Whoever set up one of these was promised that an administrator takes new certificates.
      update providers set metadata_refresh = false where provider_type = 'saml';
      create index on providers (metadata_refresh_at)
        where metadata_refresh and metadata_url is not null and status = 'active';

      -- Between its deletion and its end.
      alter table organizations add column ending boolean not null default false;
    `);
  },
};
