import { organizationList } from '@rivergate/endpoint';
import { endpoint } from '../endpoint.ts';
import { Token } from './token.ts';
import { shown, tokensOf } from './token-store.ts';

const tokens = organizationList('tokens', Token);

export const listTokens = endpoint(
  {
    operation: 'listTokens',
    method: 'get',
    path: '/auth/tokens',
    summary: 'Tokens of the caller, the newest first',
    description:
      'Of both kinds, without the tokens themselves. Revoked ones are not listed; expired ones are.',
    caller: 'user',
    query: tokens.query,
    answer: tokens.answer,
  },
  ({ query, caller, db }) =>
    tokens.page(tokensOf(db, { user_id: caller.userId }), query, {
      read: found => found.select(shown(db)).orderBy('personal_tokens.id', 'desc'),
    }),
);
