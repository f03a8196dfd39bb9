import { OrganizationNotFound, Timestamp } from '@rivergate/endpoint';
import { oneTimeToken, tokenHash } from '@rivergate/secrets';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { findMembership } from '../members/member-store.ts';
import { insertCode } from './merge-proof-store.ts';

export const createMergeCode = endpoint(
  {
    operation: 'createMergeCode',
    method: 'post',
    path: '/users/merge-codes',
    summary: 'Get a code by which another account of the caller shows that this one is its duplicate',
    description:
      'For whoever is signed in to the account that is to go. Signed in to the other one, the same person redeems the code; ' +
      'then it can be merged. Whoever else is given the code could have the membership of the caller.',
    caller: 'user',
    activeOrganization: true,
    session: true,
    fresh: true,
    status: 201,
    answer: z.object({
      code: z.string().meta({
        description: 'Good once, for ten minutes',
        examples: ['5mUsq3bYQ1tWbJ8h2C6qk0pX9vZ7rA4nLdEoFgHiJkM'],
      }),
      expires_at: Timestamp,
    }),
    message: 'Merge code created',
    idempotency: false,
  },
  async ({ caller: { userId, organizationId }, db }) => {
    if (!(await findMembership(db, organizationId, userId))) throw OrganizationNotFound();
    const code = oneTimeToken();
    return { code, expires_at: await insertCode(db, organizationId, userId, tokenHash(code)) };
  },
);
