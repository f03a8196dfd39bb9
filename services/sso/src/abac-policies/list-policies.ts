import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { AbacPolicy } from './policy.ts';
import { policiesInOrder } from './policy-store.ts';

export const listPolicies = endpoint(
  {
    operation: 'listAbacPolicies',
    method: 'get',
    path: '/sso/abac-policies',
    summary: 'Attribute-based access policies, in the order in which they are asked',
    caller: 'admin',
    activeOrganization: true,
    answer: z.object({ policies: z.array(AbacPolicy) }),
  },
  async ({ caller, db }) => ({ policies: await policiesInOrder(db, caller.organizationId) }),
);
