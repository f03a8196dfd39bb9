import { deletion } from '@rivergate/endpoint';
import { abacPolicyDeleted } from '@rivergate/events';
import { endpoint } from '../endpoint.ts';
import { AbacPolicyNotFound, Named } from './policy.ts';
import {
  decidingPolicies,
  lockPolicies,
  organizationOf,
  policiesInOrder,
  policyOf,
  deletePolicy as remove,
} from './policy-store.ts';
import { requireWayBack } from './require-way-back.ts';

const deleted = deletion('policy');

export const deletePolicy = endpoint(
  {
    operation: 'deleteAbacPolicy',
    method: 'delete',
    path: '/sso/abac-policies/:policy_id',
    summary: 'Delete an attribute-based access policy',
    description: 'Refused where those that stay would then deny its deleter to change them.',
    caller: 'admin',
    activeOrganization: true,
    session: true,
    params: Named,
    answer: deleted.answer,
    message: 'Policy deleted',
    errors: [AbacPolicyNotFound],
    denials: { stranger: AbacPolicyNotFound },
  },
  {
    // An administrator of the platform, who is no member, gets by this at what has locked all others out.
    organization: ({ params, db }) => organizationOf(db, params.policy_id),
    async handle({ params: { policy_id: id }, caller, db, emit }) {
      const { organizationId } = caller;
      await lockPolicies(db, organizationId);
      const { name } = await policyOf(db, organizationId, id);
      await remove(db, organizationId, id);
      const policies = decidingPolicies(await policiesInOrder(db, organizationId));
      requireWayBack(policies, caller, 'params.policy_id');
      await emit(abacPolicyDeleted, {
        aggregateId: id,
        data: { organization_id: organizationId, policy_id: id, name },
      });
      return deleted.of(id);
    },
  },
);
