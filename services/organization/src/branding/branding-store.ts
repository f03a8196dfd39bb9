import type { KeptBranding } from '@rivergate/contracts';
import type { Picture } from '@rivergate/uploads';
import type { Knex } from 'knex';

export async function keptBranding(db: Knex, organizationId: number): Promise<KeptBranding> {
  const row = await db('branding')
    .where({ organization_id: organizationId })
    .first('accent_color', 'logo_id');
  return row ?? { accent_color: null, logo_id: null };
}

/** What changes: the other columns stay. */
export interface BrandingChange {
  accent_color?: string | null;
  /** The one before is gone, and its address with it. */
  logo?: (Picture & { id: string }) | null;
}

export async function saveBranding(
  db: Knex.Transaction,
  organizationId: number,
  { accent_color, logo }: BrandingChange,
): Promise<void> {
  const columns = {
    ...(accent_color === undefined ? {} : { accent_color }),
    ...(logo === undefined
      ? {}
      : {
          logo_id: logo?.id ?? null,
          logo_type: logo?.contentType ?? null,
          logo: logo?.content ?? null,
        }),
    updated_at: db.fn.now(),
  };
  await db('branding')
    .insert({ organization_id: organizationId, ...columns })
    .onConflict('organization_id')
    .merge(columns);
}

/** @returns undefined also for that of a deleted organization. Needs a transaction across organizations. */
export async function logoById(db: Knex, id: string): Promise<Picture | undefined> {
  const row = await db('branding as b')
    .join('organizations as o', 'o.id', 'b.organization_id')
    .where({ 'b.logo_id': id, 'o.deleted_at': null })
    .first('b.logo_type', 'b.logo');
  return row && { contentType: row.logo_type, content: row.logo };
}
