import { type Attributes, decidingPolicy, explain } from '@rivergate/caller';
import { Id, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { decidingPolicies, policiesInOrder } from './policy-store.ts';

const text = z.string().max(200);
const texts = z.array(text).max(200);

/** Attributes of a request that could come; what is left out is not known of it. */
const Given = z
  .strictObject({
    'user.id': Id.optional(),
    'user.is_admin': z.boolean().optional(),
    'user.impersonated': z.boolean().optional(),
    'user.permissions': texts.optional(),
    'session.amr': texts.optional(),
    'session.age': z.number().nonnegative().optional(),
    'session.second_factor_omitted': z.boolean().optional(),
    'token.kind': text.optional(),
    'token.client_id': text.optional(),
    'request.ip': z.union([z.ipv4(), z.ipv6()]).optional(),
    'request.time': Timestamp.optional().meta({ description: 'Now, where it is left out' }),
    'request.method': text.optional(),
    'resource.operation': text.optional(),
    'resource.permission': text.optional(),
  })
  .meta({ examples: [{ 'request.ip': '203.0.113.9', 'resource.permission': 'policy.write' }] });

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
    body: z.object({ attributes: Given }),
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
