import { type Branding, brandingOf, type KeptBranding } from '@rivergate/contracts';
import { changesOf, organizationBrandingChanged } from '@rivergate/events';
import type { z } from 'zod';
import type { Work } from '../endpoint.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { type BrandingChange, keptBranding, saveBranding } from './branding-store.ts';

type Shown = z.infer<typeof Branding>;

/**
 * Changes how an organization shows itself, and tells of it; of two changes at once, the second sees the first.
 *
 * @param changeOf says what changes of what is kept, or refuses
 * @returns as it was and as it is
 * @throws OrganizationNotFound
 */
export async function changeBranding(
  { db, emit, publicUrl }: Work & { publicUrl: string },
  organizationId: number,
  changeOf: (kept: KeptBranding) => BrandingChange,
): Promise<{ before: Shown; after: Shown }> {
  const { id, name } = await lockOrganization(db, organizationId);
  const before = await keptBranding(db, id);
  const change = changeOf(before);
  const after = {
    accent_color: change.accent_color === undefined ? before.accent_color : change.accent_color,
    logo_id: change.logo === undefined ? before.logo_id : (change.logo?.id ?? null),
  };
  const changes = changesOf(before, after);
  if (Object.keys(changes).length > 0) {
    await saveBranding(db, id, change);
    const data = { organization_id: id, name, ...after, changes };
    await emit(organizationBrandingChanged, { aggregateId: id, organizationId: id, data });
  }
  return { before: brandingOf(name, before, publicUrl), after: brandingOf(name, after, publicUrl) };
}
