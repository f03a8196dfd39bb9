import { type Emit, Unauthorized } from '@rivergate/endpoint';
import { oauthGrantApproved, oauthGrantRefused } from '@rivergate/events';
import type { Knex } from 'knex';
import { lockAccount } from '../accounts/account-store.ts';
import { ssoRefusal } from '../organizations/admission.ts';
import { isDisowned } from '../sessions/session-store.ts';
import type { Client } from './client-store.ts';
import { insertGrant, type NewGrant } from './grant-store.ts';

/**
 * The user lets the application act for them, once everything about that is checked.
 *
 * @returns the id of the grant
 * @throws Unauthorized where the session was disowned meanwhile, SsoRequired where the organization asks for its identity
 *   provider
 */
export async function approveGrant(
  { db, emit }: { db: Knex.Transaction; emit: Emit },
  { id: application_id, client_id }: Client,
  userId: number,
  grant: Omit<NewGrant, 'application_id'>,
): Promise<number> {
  await lockAccount(db, userId);
  if (grant.session_id !== null && (await isDisowned(db, grant.session_id))) throw Unauthorized();
  await requireEntered(db, userId, grant);
  const grantId = await insertGrant(db, { ...grant, application_id });
  await emit(oauthGrantApproved, {
    aggregateId: application_id,
    organizationId: grant.organization_id,
    data: { application_id, client_id, grant_id: grantId, user_id: userId, scopes: grant.scopes },
  });
  return grantId;
}

/** @throws SsoRequired where tokens that are made in the session would not act in the organization */
async function requireEntered(
  db: Knex.Transaction,
  userId: number,
  { session_id, organization_id: organizationId }: Pick<NewGrant, 'session_id' | 'organization_id'>,
): Promise<void> {
  const session = await db('sessions').where({ id: session_id }).first('sso_organization_id');
  const ssoOrganizationId = session?.sso_organization_id ?? null;
  const refusal = await ssoRefusal(db, { userId, organizationId, ssoOrganizationId });
  if (refusal) throw refusal;
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
