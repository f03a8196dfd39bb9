import { Id, organizationList } from '@rivergate/endpoint';
import { z } from 'zod';
import { type MemberColumns, MemberOfRow, showMember, withMember } from '../accounts/member-of-row.ts';
import { endpoint } from '../endpoint.ts';
import { OrganizationAccessDenied, PermissionDenied, Token } from './token.ts';
import { type PersonalToken, shown, tokensOf } from './token-store.ts';

const OrganizationToken = Token.extend({
  organization_id: Id,
  user: MemberOfRow,
}).meta({ id: 'OrganizationToken' });

const tokens = organizationList('tokens', OrganizationToken, {
  user_id: Id.optional().meta({ description: 'Tokens of this member only' }),
});

type Row = PersonalToken & { organization_id: number } & MemberColumns;

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
        withMember(some, 'personal_tokens').select(shown(db)).orderBy('personal_tokens.id', 'desc'),
      show: (row: Row) => showMember(row),
    });
  },
);
