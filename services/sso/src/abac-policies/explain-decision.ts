import { type Attributes, decidingPolicy, explain } from '@rivergate/caller';
import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { GivenAttributes } from './given-attributes.ts';
import { decidingPolicies, policiesInOrder } from './policy-store.ts';

const Told = z.object({
  policy_id: Id,
  name: z.string(),
  effect: z.enum(['allow', 'deny']),
  mode: z.enum(['enforce', 'report']),
  applies: z.boolean(),
  decides: z.boolean(),
  condition: z.record(z.string(), z.unknown()).meta({
    description:
      'As it was written, each part with its `outcome` and each comparison with the `actual` value',
  }),
});

export const explainDecision = endpoint(
  {
    operation: 'explainAbacDecision',
    method: 'post',
    path: '/sso/abac-policies/explain',
    summary: 'Say which policy would decide about a request, and why',
    caller: 'admin',
    activeOrganization: true,
    safe: true,
    body: z.object({ attributes: GivenAttributes }),
    answer: z.object({
      decision: z.enum(['allow', 'deny', 'none']).meta({ description: '`none`: roles alone decide' }),
      policy_id: Id.nullable().meta({ description: 'Of the policy that decides' }),
      policies: z.array(Told).meta({ description: 'In the order in which they are asked' }),
    }),
  },
  async ({ body, caller, db }) => {
    const { 'request.time': at, ...given } = body.attributes;
    const now = at === undefined ? Date.now() : Date.parse(at);
    const attributes: Attributes = name => (name === 'request.time' ? now : given[name]);
    const policies = decidingPolicies(await policiesInOrder(db, caller.organizationId));
    const deciding = decidingPolicy(policies, attributes);
    return {
      decision: deciding?.effect ?? ('none' as const),
      policy_id: deciding?.id ?? null,
      policies: policies.map(policy => {
        const { id, name, effect, mode } = policy;
        const condition = explain(policy.condition, attributes);
        const decides = policy === deciding;
        return { policy_id: id, name, effect, mode, applies: condition.outcome, decides, condition };
      }),
    };
  },
);
