import { Id, TokenNotAllowed } from '@rivergate/endpoint';
import { z } from 'zod';
import { CallerNotFound } from '../accounts/errors.ts';
import { endpoint } from '../endpoint.ts';
import { mayMakeTokens } from '../organizations/policy-store.ts';
import { issueToken } from './issue-token.ts';
import { CreatedToken, ExpiresInDays, OrganizationAccessDenied, Scopes, TokenName } from './token.ts';

export const createOrganizationToken = endpoint(
  {
    operation: 'createOrganizationToken',
    method: 'post',
    path: '/organizations/:org_id/tokens',
    summary: 'Create a token of the caller that acts in this organization only',
    caller: 'user',
    session: true,
    fresh: true,
    denials: { stranger: OrganizationAccessDenied },
    params: z.object({ org_id: Id }),
    body: z.object({ name: TokenName, scopes: Scopes, expires_in_days: ExpiresInDays.optional() }),
    answer: CreatedToken.extend({ organization_id: Id }).meta({ id: 'CreatedOrganizationToken' }),
    status: 201,
    message: 'Token created; it is not shown again',
    messageInData: true,
    errors: [OrganizationAccessDenied, CallerNotFound, TokenNotAllowed],
    idempotency: { seconds: 60, randomKey: true },
  },
  async ({ params, body, caller, db, emit }) => {
    // Also a system administrator has tokens only where he is a member.
    if (!caller.isMember) throw OrganizationAccessDenied();
    const organizationId = params.org_id;
    if (!(await mayMakeTokens(db, organizationId))) throw TokenNotAllowed();
    const token = await issueToken({ db, emit }, caller, body, { organizationId });
    return { ...token, organization_id: organizationId };
  },
);
