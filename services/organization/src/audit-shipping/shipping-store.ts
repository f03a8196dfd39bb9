import { acrossOrganizations, withinOrganization } from '@rivergate/endpoint';
import type { Knex } from 'knex';

export interface ShippingRow {
  organization_id: number;
  revision: number;
  url: string;
  header_name: string | null;
  header_sealed: string | null;
  /** Of the last entry that was taken. */
  sequence: number;
  failures: number;
  next_try_at: Date;
  last_success_at: Date | null;
  last_failure_at: Date | null;
  last_error: string | null;
}

export async function shippingOf(
  db: Knex.Transaction,
  organizationId: number,
): Promise<ShippingRow | undefined> {
  return await db('audit_shipping').where({ organization_id: organizationId }).first();
}

/** @param sequence after which it begins; where it is not given, one that is there goes on */
export async function putShipping(
  db: Knex.Transaction,
  place: Pick<ShippingRow, 'organization_id' | 'url' | 'header_name' | 'header_sealed'>,
  sequence: number | undefined,
): Promise<ShippingRow> {
  const anew = { failures: 0, next_try_at: db.fn.now(), last_error: null };
  const [row] = await db('audit_shipping')
    .insert({ ...place, sequence: sequence ?? 0 })
    .onConflict('organization_id')
    .merge({
      ...place,
      ...anew,
      revision: db.raw('audit_shipping.revision + 1'),
      ...(sequence === undefined ? {} : { sequence }),
    })
    .returning('*');
  return row;
}

/** How long a process has an organization for itself; seconds. */
const LEASE = 60;

/** Organizations that have something to send, each for whoever takes it now. */
export async function takeShippings(knex: Knex, most: number): Promise<ShippingRow[]> {
  return await knex.transaction(async (db): Promise<ShippingRow[]> => {
    await acrossOrganizations(db);
    const { rows } = await db.raw(
      `update audit_shipping set next_try_at = now() + :lease * interval '1 second'
       where organization_id in (
         select s.organization_id from audit_shipping s join audit_heads h on h.organization_id = s.organization_id
         where s.next_try_at <= now() and h.sequence > s.sequence order by s.next_try_at limit :most
         for update of s skip locked)
       returning *`,
      { lease: LEASE, most },
    );
    return rows;
  });
}

/** Notes what became of sending, unless the shipping was changed or removed meanwhile. */
export async function noteOutcome(
  knex: Knex,
  { organization_id, revision }: Pick<ShippingRow, 'organization_id' | 'revision'>,
  outcome: (db: Knex.Transaction) => object,
): Promise<void> {
  await knex.transaction(async db => {
    await withinOrganization(db, organization_id);
    await db('audit_shipping').where({ organization_id, revision }).update(outcome(db));
  });
}
