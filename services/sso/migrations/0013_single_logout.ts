import { acrossOrganizations } from '@rivergate/endpoint';
import type { Knex } from 'knex';

/** Where a SAML provider takes logouts, what a session needs to be signed out there, and logouts in the log of attempts. */
export const singleLogout = {
  name: '0013_single_logout',
  async up(db: Knex.Transaction): Promise<void> {
    await db.raw(`
      alter table providers
        add column slo_url text,
        -- where answers go, if to another place
        add column slo_response_url text,
        add column slo_binding text check (slo_binding in ('redirect', 'post'));

      -- Format and qualifiers of the NameID, or the ID token: what a logout request has to repeat.
      alter table logins add column logout_sealed text;

      alter table attempts add column kind text not null default 'sign_in' check (kind in ('sign_in', 'logout'));
    `);
    await acrossOrganizations(db);
    await db.raw(`
      update providers set slo_binding = 'redirect' where provider_type = 'saml';
      alter table providers add check ((slo_binding is not null) = (provider_type = 'saml'));
    `);
  },
};
