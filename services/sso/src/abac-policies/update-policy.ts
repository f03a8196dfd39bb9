import { abacPolicyUpdated, changesOf } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { AbacPolicy, AbacPolicyNotFound, Named, PolicyText } from './policy.ts';
import {
  changePolicy,
  decidingPolicies,
  lockPolicies,
  organizationOf,
  policiesInOrder,
  policyOf,
} from './policy-store.ts';
import { requireBounded } from './require-bounded.ts';
import { requireWayBack } from './require-way-back.ts';

export const updatePolicy = endpoint(
  {
    operation: 'updateAbacPolicy',
    method: 'put',
    path: '/sso/abac-policies/:policy_id',
    summary: 'Replace an attribute-based access policy',
    description: 'Its report begins anew with each change.',
    caller: 'admin',
    activeOrganization: true,
    session: true,
    params: Named,
    body: PolicyText,
    answer: z.object({ policy: AbacPolicy }),
    message: 'Policy updated',
    errors: [AbacPolicyNotFound],
    denials: { stranger: AbacPolicyNotFound },
  },
  {
    // An administrator of the platform, who is no member, gets by this at what has locked all others out.
    organization: ({ params, db }) => organizationOf(db, params.policy_id),
    async handle({ params: { policy_id: id }, body, caller, db, emit }) {
      const { organizationId } = caller;
      await lockPolicies(db, organizationId);
      const before = await policyOf(db, organizationId, id);
      const changes = changesOf<object>(before, body);
      if (Object.keys(changes).length === 0) return { policy: before };
      const policy = await changePolicy(db, organizationId, id, body);
      const policies = decidingPolicies(await policiesInOrder(db, organizationId));
      requireBounded(policies, 'body.condition');
      requireWayBack(policies, caller, 'body.condition');
      const data = { organization_id: organizationId, policy_id: id, name: body.name, changes };
      await emit(abacPolicyUpdated, { aggregateId: id, data });
      return { policy };
    },
  },
);
