import { readPolicyReport } from '@rivergate/caller';
import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { AbacPolicyNotFound, Named } from './policy.ts';
import { policyOf } from './policy-store.ts';

/** Pairs of user and operation that are shown. */
const MOST_SHOWN = 200;

export const getReport = endpoint(
  {
    operation: 'getAbacPolicyReport',
    method: 'get',
    path: '/sso/abac-policies/:policy_id/report',
    summary: 'What a policy in mode `report` would have decided in the last day',
    description:
      'Counted where requests arrive, told every two seconds, since the latest change of the policy. Counted are requests ' +
      'that no enforced policy before it decided. What is counted while Redis is away is lost.',
    caller: 'admin',
    activeOrganization: true,
    params: Named,
    answer: z.object({
      report: z.object({
        policy_id: Id,
        revision: z.int(),
        requests: z.int().meta({ description: 'That reached the policy' }),
        applies: z.int().meta({ description: 'To so many of them' }),
        by: z.array(
          z.object({
            user_id: Id.nullable().meta({ description: 'Null for a client' }),
            operation: z
              .string()
              .nullable()
              .meta({ examples: ['updateRole'] }),
            requests: z.int(),
          }),
        ),
      }),
    }),
    errors: [AbacPolicyNotFound],
  },
  async ({ params, caller, db, redis }) => {
    const { id, revision } = await policyOf(db, caller.organizationId, params.policy_id);
    const { asked, applies, by } = await readPolicyReport(redis, { id, revision });
    const shown = by.slice(0, MOST_SHOWN).map(({ userId, ...rest }) => ({ user_id: userId, ...rest }));
    return { report: { policy_id: id, revision, requests: asked, applies, by: shown } };
  },
);
