import { deletion, Id } from '@rivergate/endpoint';
import { registrationTokenRevoked } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { RegistrationTokenNotFound } from './registration-token.ts';
import { revokeTokens } from './registration-token-store.ts';

const removed = deletion('registration_token');

export const revokeRegistrationToken = endpoint(
  {
    operation: 'revokeOauthRegistrationToken',
    method: 'delete',
    path: '/organizations/:org_id/oauth-registration-tokens/:token_id',
    summary: 'Revoke a token by which OAuth clients register themselves',
    description: 'Clients that have registered by it stay.',
    caller: 'admin',
    clients: true,
    params: z.object({ org_id: Id, token_id: Id }),
    answer: removed.answer,
    message: 'Token revoked',
    errors: [RegistrationTokenNotFound],
  },
  async ({ params: { org_id: organization_id, token_id: id }, db, emit }) => {
    if ((await revokeTokens(db, { organization_id, id })).length === 0) throw RegistrationTokenNotFound();
    const data = { registration_token_id: id, reason: 'revoked' };
    await emit(registrationTokenRevoked, { aggregateId: id, data });
    return removed.of(id);
  },
);
