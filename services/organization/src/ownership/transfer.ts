import { Id, Timestamp } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { z } from 'zod';
import { Reference } from '../reference.ts';
import { TransferNotFound } from './errors.ts';

/** Days for which an offer can be accepted. */
export const OFFER_DAYS = 7;

const Party = z.object({ user_id: Id, display_name: z.string().nullable(), email: z.string().nullable() });

export const Transfer = z
  .object({
    from: Party,
    to: Party,
    role: Reference.meta({ description: 'What the one who hands over has from then on' }),
    created_at: Timestamp,
    expires_at: Timestamp,
  })
  .meta({ id: 'OwnershipTransfer' });

export interface TransferRow {
  from: z.output<typeof Party>;
  to: z.output<typeof Party>;
  role: z.output<typeof Reference>;
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

/**
 * The same where it is this user who is to have the organization.
 *
 * @throws TransferNotFound
 */
export async function transferTo(
  db: Knex.Transaction,
  organizationId: number,
  userId: number,
): Promise<TransferRow> {
  const transfer = await pendingTransfer(db, organizationId);
  if (transfer?.to.user_id !== userId) throw TransferNotFound();
  return transfer;
}

export async function endTransfer(db: Knex.Transaction, organizationId: number): Promise<void> {
  await db('ownership_transfers').where({ organization_id: organizationId }).delete();
}
