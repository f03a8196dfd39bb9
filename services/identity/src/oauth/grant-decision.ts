import { type Emit, Unauthorized } from '@rivergate/endpoint';
import { oauthGrantApproved, oauthGrantRefused } from '@rivergate/events';
import type { Knex } from 'knex';
import { lockAccount } from '../accounts/account-store.ts';
import { isDisowned } from '../sessions/session-store.ts';
import type { Client } from './client-store.ts';
import { insertGrant, type NewGrant } from './grant-store.ts';

/**
 * The user lets the application act for them, once everything about that is checked.
 *
 * @returns the id of the grant
 * @throws Unauthorized where the session was disowned meanwhile
 */
export async function approveGrant(
  { db, emit }: { db: Knex.Transaction; emit: Emit },
  { id: application_id, client_id }: Client,
  userId: number,
  grant: Omit<NewGrant, 'application_id'>,
): Promise<number> {
  await lockAccount(db, userId);
  if (grant.session_id !== null && (await isDisowned(db, grant.session_id))) throw Unauthorized();
  const grantId = await insertGrant(db, { ...grant, application_id });
  await emit(oauthGrantApproved, {
    aggregateId: application_id,
    organizationId: grant.organization_id,
    data: { application_id, client_id, grant_id: grantId, user_id: userId, scopes: grant.scopes },
  });
  return grantId;
}

export async function refuseGrant(
  { emit }: { emit: Emit },
  { id: application_id, client_id }: Client,
  userId: number,
  organizationId: number,
): Promise<void> {
  await emit(oauthGrantRefused, {
    aggregateId: application_id,
    organizationId,
    data: { application_id, client_id, user_id: userId },
  });
}
