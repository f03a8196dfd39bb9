import { useAttributePolicies } from '@rivergate/contracts';
import { abacPolicyCreated } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { AbacPolicy, MOST_POLICIES, PolicyText, TooManyAbacPolicies } from './policy.ts';
import { decidingPolicies, insertPolicy, lockPolicies, policiesInOrder } from './policy-store.ts';
import { requireBounded } from './require-bounded.ts';
import { requireWayBack } from './require-way-back.ts';

export const createPolicy = endpoint(
  {
    operation: 'createAbacPolicy',
    method: 'post',
    path: '/sso/abac-policies',
    summary:
      'Create an attribute-based access policy: attributes of user, session, request and resource; allow or deny',
    description:
      'The first policy that applies decides about a request of a member or a client of the organization; where none does, ' +
      'roles alone do. It counts from the next request on, for what is open within a second. Refused is a policy that would ' +
      'deny its maker to take it back. Administrators of the platform are kept out by none.',
    caller: 'admin',
    activeOrganization: true,
    session: true,
    body: PolicyText,
    status: 201,
    answer: z.object({ policy: AbacPolicy }),
    message: 'Policy created',
    errors: [TooManyAbacPolicies],
  },
  {
    // Before the transaction that makes it: afterwards nobody may go on without asking for policies.
    async prepare({ caller, call }) {
      await call(useAttributePolicies, { params: { organization_id: caller.organizationId } });
    },
    async handle({ body, caller, db, emit }) {
      const { organizationId } = caller;
      await lockPolicies(db, organizationId);
      if ((await policiesInOrder(db, organizationId)).length >= MOST_POLICIES) throw TooManyAbacPolicies();
      const policy = await insertPolicy(db, organizationId, body);
      const policies = decidingPolicies(await policiesInOrder(db, organizationId));
      requireBounded(policies, 'body.condition');
      requireWayBack(policies, caller, 'body.condition');
      const data = { organization_id: organizationId, policy_id: policy.id, ...body };
      await emit(abacPolicyCreated, { aggregateId: policy.id, data });
      return { policy };
    },
  },
);
