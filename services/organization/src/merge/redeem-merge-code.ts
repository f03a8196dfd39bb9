import { Id, OrganizationNotFound } from '@rivergate/endpoint';
import { mergeProven } from '@rivergate/events';
import { tokenHash } from '@rivergate/secrets';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { findMembership } from '../members/member-store.ts';
import { MergeCodeNotFound } from './errors.ts';
import { redeemCode } from './merge-proof-store.ts';

export const redeemMergeCode = endpoint(
  {
    operation: 'redeemMergeCode',
    method: 'post',
    path: '/users/merge-codes/redeem',
    summary: 'Show that the account that a code is of is a duplicate of the account of the caller',
    description:
      'For a week, whoever may change users can merge the duplicate into the account of the caller.',
    caller: 'user',
    activeOrganization: true,
    session: true,
    fresh: true,
    body: z.object({
      code: z
        .string()
        .min(1)
        .max(128)
        .meta({ examples: ['5mUsq3bYQ1tWbJ8h2C6qk0pX9vZ7rA4nLdEoFgHiJkM'] }),
    }),
    answer: z.object({ user_id: Id, duplicate_user_id: Id }),
    message: 'Merge code redeemed',
    errors: [MergeCodeNotFound],
    idempotency: { seconds: 60, spends: 'body.code' },
  },
  async ({ caller: { userId, organizationId }, body, db, emit }) => {
    if (!(await findMembership(db, organizationId, userId))) throw OrganizationNotFound();
    const duplicate = await redeemCode(db, organizationId, userId, tokenHash(body.code));
    if (duplicate === undefined) throw MergeCodeNotFound();
    const data = { organization_id: organizationId, user_id: userId, duplicate_user_id: duplicate };
    await emit(mergeProven, { aggregateId: userId, organizationId, data });
    return { user_id: userId, duplicate_user_id: duplicate };
  },
);
