import { ensurePersonalOrganization, memberPrincipal } from '@rivergate/contracts';
import { type Call, Id, TokenNotAllowed } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { z } from 'zod';
import { accountById } from '../accounts/account-store.ts';
import { CallerNotFound } from '../accounts/errors.ts';
import { endpoint } from '../endpoint.ts';
import { mayMakeTokens } from '../organizations/policy-store.ts';
import { issueToken } from './issue-token.ts';
import { CreatedToken, ExpiresInDays, Scopes, TokenCreationFailed, TokenName } from './token.ts';
import type { NewToken } from './token-store.ts';

export const createToken = endpoint(
  {
    operation: 'createToken',
    method: 'post',
    path: '/auth/tokens',
    summary: 'Create a personal access token',
    description:
      'With organization_id it acts in that organization only; without, in every one of yours, and in your personal ' +
      'organization where a path names none.',
    caller: 'user',
    session: true,
    fresh: true,
    body: z.object({
      name: TokenName,
      scopes: Scopes,
      expires_in_days: ExpiresInDays.optional(),
      organization_id: Id.nullable().default(null),
    }),
    answer: CreatedToken,
    status: 201,
    message: 'Token created; it is not shown again',
    messageInData: true,
    errors: [TokenCreationFailed, CallerNotFound, TokenNotAllowed],
    idempotency: { seconds: 60, randomKey: true },
  },
  {
    // Before the transaction: a slow organization holds no connection.
    prepare: ({ body, caller, call, knex }) => placeOf({ call, knex }, caller.userId, body.organization_id),
    async handle({ body, caller, prepared, db, emit }) {
      const { organization_id } = body;
      if (organization_id !== null && !(await mayMakeTokens(db, organization_id))) throw TokenNotAllowed();
      return await issueToken({ db, emit }, caller, body, prepared);
    },
  },
);

async function placeOf(
  { call, knex }: { call: Call; knex: Knex },
  userId: number,
  organizationId: number | null,
): Promise<NewToken['place']> {
  if (organizationId !== null) {
    const params = { organization_id: organizationId, user_id: userId };
    if (!(await call(memberPrincipal, { params })).member) throw TokenCreationFailed();
    return { organizationId };
  }
  const account = await accountById(knex, userId);
  if (!account || account.disabled_at) throw CallerNotFound();
  const personal = await call(ensurePersonalOrganization, {
    params: { user_id: userId },
    body: { email: account.email, display_name: account.display_name },
  });
  return { homeOrganizationId: personal.organization_id };
}
