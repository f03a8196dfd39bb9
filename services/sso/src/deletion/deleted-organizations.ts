import { consumer, on, organizationDeleted, ssoOrganizationErased } from '@rivergate/events';

/** Connections, attempts, tickets and logins go with the provider. */
const TABLES = ['providers', 'verified_domains'];

/** What is kept of an organization goes when its grace period is over; until then nobody is its member, and so nobody signs in. */
export const deletedOrganizations = consumer({
  name: 'deleted-organizations',
  on: [
    on(organizationDeleted, async ({ data: { organization_id } }, { db, emit }) => {
      for (const table of TABLES) await db(table).where({ organization_id }).delete();
      const fact = { aggregateId: organization_id, organizationId: organization_id };
      await emit(ssoOrganizationErased, { ...fact, data: { organization_id } });
    }),
  ],
});
