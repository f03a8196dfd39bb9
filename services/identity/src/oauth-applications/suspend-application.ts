import type { Emit } from '@rivergate/endpoint';
import { changesOf, oauthApplicationChanged } from '@rivergate/events';
import type { Knex } from 'knex';
import { revokeTokens } from '../oauth/revoke-tokens.ts';
import { changeApplication, lockApplication, type OwnApplication } from './application-store.ts';

/**
 * Makes an application an unknown client, and ends its codes and tokens for good.
 *
 * @returns whether it was active until now
 * @throws ApplicationNotFound, also for one of another organization
 */
export async function suspendApplication(
  { db, emit }: { db: Knex.Transaction; emit: Emit },
  own: OwnApplication,
): Promise<boolean> {
  const { status, ...application } = await lockApplication(db, own);
  if (status === 'revoked') return false;
  const { organization_id: organizationId } = own;
  const { id, client_id, name, grant_types, scopes } = application;
  await changeApplication(db, id, { status: 'revoked' });
  const owner = { id, client_id, organization_id: organizationId };
  await revokeTokens({ db, emit }, owner, {}, 'application_revoked');
  await emit(oauthApplicationChanged, {
    aggregateId: id,
    organizationId,
    data: {
      application_id: id,
      client_id,
      fields: ['status'],
      name,
      grant_types,
      scopes,
      status: 'revoked',
      changes: changesOf<{ status: string }>({ status }, { status: 'revoked' }),
    },
  });
  return true;
}
