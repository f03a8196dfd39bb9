import { Id } from '@rivergate/endpoint';
import { scimTokenRevoked } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../../endpoint.ts';
import { requireOrganizationAccount } from '../../organizations/organization-account.ts';
import { revokeTokens } from './token-store.ts';

export const revokeToken = endpoint(
  {
    operation: 'revokeScimToken',
    method: 'delete',
    path: '/sso/scim/token',
    summary: 'Revoke the SCIM bearer token, and those that it has replaced',
    caller: 'admin',
    activeOrganization: true,
    answer: z.object({ revoked_token_ids: z.array(Id).meta({ description: 'Empty where there was none' }) }),
    message: 'SCIM token revoked',
  },
  async ({ caller, db, emit }) => {
    requireOrganizationAccount(caller);
    const { organizationId } = caller;
    const revoked = await revokeTokens(db, organizationId);
    for (const { id, token_hash } of revoked) {
      const data = { token_id: id, organization_id: organizationId, token_hash, reason: 'revoked' };
      await emit(scimTokenRevoked, { aggregateId: id, organizationId, data });
    }
    return { revoked_token_ids: revoked.map(({ id }) => id) };
  },
);
