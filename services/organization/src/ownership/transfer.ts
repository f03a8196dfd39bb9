import { Id, Timestamp } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { z } from 'zod';
import { Reference } from '../reference.ts';
import { administers } from '../roles/role-store.ts';

/** Days for which an offer can be accepted. */
export const OFFER_DAYS = 7;

const Person = z.object({ user_id: Id, display_name: z.string().nullable(), email: z.string().nullable() });

export const Transfer = z
  .object({
    from: Person,
    to: Person,
    role: Reference.meta({ description: 'What the one who hands over has from then on' }),
    created_at: Timestamp,
    expires_at: Timestamp,
  })
  .meta({ id: 'OwnershipTransfer' });

export interface TransferRow {
  from: { user_id: number; display_name: string | null; email: string | null };
  to: { user_id: number; display_name: string | null; email: string | null };
  role: { id: number; name: string };
  created_at: Date;
  expires_at: Date;
}

/** The offer that can still be accepted. The caller holds the organization's lock where it goes on to change it. */
export async function pendingTransfer(
  db: Knex.Transaction,
  organizationId: number,
): Promise<TransferRow | undefined> {
  const person = (table: string, name: string) =>
    db.raw(
      `jsonb_build_object('user_id', ${table}.user_id, 'display_name', ${table}.display_name, 'email', ${table}.email)
         as "${name}"`,
    );
  return await db('ownership_transfers as t')
    .join('members as g', { 'g.organization_id': 't.organization_id', 'g.user_id': 't.from_user_id' })
    .join('members as n', { 'n.organization_id': 't.organization_id', 'n.user_id': 't.to_user_id' })
    .join('roles as r', 'r.id', 't.role_id')
    .where('t.organization_id', organizationId)
    .where('t.expires_at', '>', db.fn.now())
    .select('t.created_at', 't.expires_at', person('g', 'from'), person('n', 'to'))
    .select(db.raw("jsonb_build_object('id', r.id, 'name', r.name) as role"))
    .first();
}

export async function endTransfer(db: Knex.Transaction, organizationId: number): Promise<void> {
  await db('ownership_transfers').where({ organization_id: organizationId }).delete();
}

/** Whether the member administers the organization now, and goes on doing so: by a role that is held for no time only. */
export async function administersForGood(
  db: Knex.Transaction,
  organizationId: number,
  userId: number,
): Promise<boolean> {
  const found = await db('memberships as m')
    .where({ 'm.organization_id': organizationId, 'm.user_id': userId, 'm.status': 'active' })
    .whereRaw(administers('a.expires_at is null'))
    .first('m.user_id');
  return found !== undefined;
}
