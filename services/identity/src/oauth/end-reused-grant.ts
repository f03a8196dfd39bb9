import type { Failure } from '@rivergate/endpoint';
import { oauthGrantReused } from '@rivergate/events';
import type { Client } from './client-store.ts';
import type { Grant } from './grant-store.ts';
import type { IssueTools } from './issue.ts';
import { InvalidGrant } from './oauth-errors.ts';
import { revokeTokens } from './revoke-tokens.ts';

/**
 * Something that works once came a second time, from the client or from a thief: all that it led to ends (RFC 6749, section
 * 4.1.2; RFC 9700, section 4.14.2).
 *
 * @returns the failure to return, so that this commits
 */
export async function endReusedGrant(
  { db, emit }: Pick<IssueTools, 'db' | 'emit'>,
  client: Client,
  grant: Pick<Grant, 'id' | 'user_id' | 'organization_id'>,
): Promise<Failure> {
  const { id: application_id, client_id } = client;
  const owner = { id: application_id, client_id, organization_id: grant.organization_id };
  await emit(oauthGrantReused, {
    aggregateId: application_id,
    organizationId: grant.organization_id,
    userId: grant.user_id,
    data: { application_id, client_id, grant_id: grant.id, user_id: grant.user_id },
  });
  await revokeTokens({ db, emit }, owner, { grant_id: grant.id }, 'reused');
  return InvalidGrant();
}
