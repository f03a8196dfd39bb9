import { Id, organizationList } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { RegistrationToken } from './registration-token.ts';
import { COLUMNS, tokensOf } from './registration-token-store.ts';

const tokens = organizationList('tokens', RegistrationToken);

export const listRegistrationTokens = endpoint(
  {
    operation: 'listOauthRegistrationTokens',
    method: 'get',
    path: '/organizations/:org_id/oauth-registration-tokens',
    summary: 'Tokens by which OAuth clients register themselves, the newest first',
    description: 'Without the tokens themselves. Revoked ones are not listed; expired and used up ones are.',
    caller: 'admin',
    clients: true,
    params: z.object({ org_id: Id }),
    query: tokens.query,
    answer: tokens.answer,
  },
  ({ params, query, db }) =>
    tokens.page(tokensOf(db, params.org_id), query, {
      read: found => found.select(COLUMNS).orderBy('id', 'desc'),
    }),
);
