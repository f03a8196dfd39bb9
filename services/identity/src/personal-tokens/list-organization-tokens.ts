import { Id, organizationList } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { OrganizationAccessDenied, PermissionDenied, Token } from './token.ts';
import { type PersonalToken, shown, tokensOf } from './token-store.ts';

const OrganizationToken = Token.extend({
  organization_id: Id,
  user: z.object({ id: Id, email: z.string(), display_name: z.string() }),
}).meta({ id: 'OrganizationToken' });

const tokens = organizationList('tokens', OrganizationToken, {
  user_id: Id.optional().meta({ description: 'Tokens of this member only' }),
});

type Row = PersonalToken & { organization_id: number; user_id: number; email: string; display_name: string };

export const listOrganizationTokens = endpoint(
  {
    operation: 'listOrganizationTokens',
    method: 'get',
    path: '/organizations/:org_id/tokens',
    summary: 'Tokens that act in this organization only, of every member, the newest first',
    description: 'Without the tokens themselves. Revoked ones are not listed; expired ones are.',
    caller: 'admin',
    clients: true,
    denials: { stranger: OrganizationAccessDenied, missingRight: PermissionDenied },
    params: z.object({ org_id: Id }),
    query: tokens.query,
    answer: tokens.answer,
    errors: [OrganizationAccessDenied, PermissionDenied],
  },
  ({ params, query, db }) => {
    const found = tokensOf(db, { organization_id: params.org_id });
    if (query.user_id !== undefined) found.where({ 'personal_tokens.user_id': query.user_id });
    return tokens.page(found, query, {
      read: some =>
        some
          .join('users', 'users.id', 'personal_tokens.user_id')
          .join('email_addresses', on =>
            on.on('email_addresses.user_id', 'users.id').andOnVal('is_primary', true),
          )
          .select(shown(db))
          .select('personal_tokens.user_id', 'email', 'display_name')
          .orderBy('personal_tokens.id', 'desc'),
      show: ({ user_id, email, display_name, ...token }: Row) => ({
        ...token,
        user: { id: user_id, email, display_name },
      }),
    });
  },
);
