import { Id, Timestamp } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { z } from 'zod';
import { JoinRequestNotFound } from './errors.ts';

/** Somebody who waits for an administrator to decide. */
export const JoinRequest = z
  .object({
    id: Id,
    user: z.object({ id: Id, email: z.string(), display_name: z.string() }),
    created_at: Timestamp,
  })
  .meta({ id: 'JoinRequest' });

export function pendingRequests(db: Knex.Transaction, organizationId: number): Knex.QueryBuilder {
  return db('join_requests as r')
    .join('people as p', 'p.user_id', 'r.user_id')
    .where('r.organization_id', organizationId)
    .whereNull('r.rejected_at');
}

/** @throws JoinRequestNotFound, also for one of another organization */
export async function pendingRequest(
  db: Knex.Transaction,
  organizationId: number,
  requestId: number,
): Promise<{ id: number; userId: number }> {
  const request = await pendingRequests(db, organizationId)
    .where('r.id', requestId)
    .first('r.id', 'r.user_id as userId');
  if (!request) throw JoinRequestNotFound();
  return request;
}
