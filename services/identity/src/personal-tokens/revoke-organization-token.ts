import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { revokeTokens } from './revoke-tokens.ts';
import { OrganizationAccessDenied, PermissionDenied, TokenNotFound } from './token.ts';
import { ownerOfToken } from './token-store.ts';

export const revokeOrganizationToken = endpoint(
  {
    operation: 'revokeOrganizationToken',
    method: 'delete',
    path: '/organizations/:org_id/tokens/:token_id',
    summary: 'Revoke a token that acts in this organization only',
    description: 'One of your own; an administrator revokes those of every member. Cannot be undone.',
    caller: 'user',
    denials: { stranger: OrganizationAccessDenied },
    params: z.object({ org_id: Id, token_id: Id }),
    message: 'Token revoked',
    messageInData: true,
    errors: [OrganizationAccessDenied, PermissionDenied, TokenNotFound],
  },
  async ({ params: { org_id, token_id: id }, caller, db, emit }) => {
    const owner = await ownerOfToken(db, org_id, id);
    if (owner === undefined) throw TokenNotFound();
    if (owner !== caller.userId && !caller.isAdmin && !caller.isSystemAdmin) throw PermissionDenied();
    const revoked = await revokeTokens({ db, emit }, { organization_id: org_id, id }, 'revoked');
    if (revoked === 0) throw TokenNotFound();
  },
);
