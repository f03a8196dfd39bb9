import { acrossOrganizations } from '@rivergate/endpoint';
import type { Knex } from 'knex';

/** Whether login requests to a SAML provider are signed, and whether it is to encrypt assertions. */
export const samlRequirements = {
  name: '0012_saml_requirements',
  async up(db: Knex.Transaction): Promise<void> {
    await db.raw(`
      alter table providers
        add column sign_requests boolean,
        add column encrypt_assertions text check (encrypt_assertions in ('off', 'offered', 'required'))
    `);
    await acrossOrganizations(db);
    await db.raw(`
      update providers set sign_requests = false, encrypt_assertions = 'off' where provider_type = 'saml'
    `);
  },
};
