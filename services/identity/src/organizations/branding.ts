import { Branding, shownBranding } from '@rivergate/contracts';
import { consumer, on, organizationBrandingChanged, organizationUpdated } from '@rivergate/events';
import type { Knex } from 'knex';
import type { Client } from '../oauth/client-store.ts';

/** In answers that pages are made of. */
export const OrganizationBranding = Branding.nullable().meta({
  description:
    'How the organization shows itself; null where it has set nothing, or has not vouched for the application',
});

/**
 * Keeps how organizations show themselves, so that a page needs to ask nobody. To build the table anew, empty it and give the
 * consumer another name.
 */
export const organizationBranding = consumer({
  name: 'organization-branding',
  on: [
    on(organizationBrandingChanged, async ({ data, time: said_at }, { db }) => {
      const { organization_id, name: organization_name, accent_color, logo_id } = data;
      await db('organization_branding')
        .insert({ organization_id, organization_name, accent_color, logo_id, said_at })
        .onConflict('organization_id')
        .merge()
        .where('organization_branding.said_at', '<=', said_at);
    }),
    on(organizationUpdated, async ({ data: { organization_id, name: organization_name }, time }, { db }) => {
      await db('organization_branding')
        .where({ organization_id })
        .where('said_at', '<=', time)
        .update({ organization_name });
    }),
  ],
});

/** How the organization shows itself; null where it has set nothing, and for none. */
export async function brandingOfOrganization(db: Knex, organizationId: number | null, publicUrl: string) {
  if (organizationId === null) return null;
  const kept = await db('organization_branding').where({ organization_id: organizationId }).first();
  return kept ? shownBranding(kept.organization_name, kept, publicUrl) : null;
}

/**
 * The same on a page that an application leads to. One that says itself what it is gets no face that makes people trust it:
 * it may have named any organization that lets such clients in.
 */
export async function brandingOfClient(
  db: Knex,
  client: Pick<Client, 'organization_id' | 'self_registered'>,
  publicUrl: string,
) {
  return client.self_registered ? null : brandingOfOrganization(db, client.organization_id, publicUrl);
}
