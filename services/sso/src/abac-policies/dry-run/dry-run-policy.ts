import {
  ATTRIBUTES,
  type AttributeName,
  type AttributePolicy,
  attributesOf,
  readPolicySamples,
} from '@rivergate/caller';
import { Id, isAway, Timestamp, ValidationFailed } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../../endpoint.ts';
import { GivenAttributes } from '../given-attributes.ts';
import { AbacPolicyNotFound, PolicySamplesUnavailable, PolicyText, TooManyAbacPolicies } from '../policy.ts';
import { decidingPolicies, policiesInOrder } from '../policy-store.ts';
import { closedWayBack } from '../require-way-back.ts';
import { NOT_MADE, plannedPolicies } from './planned-policies.ts';
import { type ChangedRequests, tryOnSamples } from './try-on-samples.ts';

/** Groups of requests that are shown. */
const MOST_SHOWN = 100;

const Deciding = z.object({
  policy_id: Id.nullable().meta({
    description: 'Null for the policy that is tried, where it is not made yet',
  }),
  name: z.string(),
});

const Changed = z.object({
  decision: z.enum(['deny', 'allow']).meta({ description: 'What would become of these requests' }),
  user_id: Id.nullable().meta({ description: 'Null for a client' }),
  operation: z
    .string()
    .nullable()
    .meta({ examples: ['updateRole'] }),
  network: z
    .string()
    .nullable()
    .meta({ description: 'IPv4 /24 or IPv6 /48', examples: ['203.0.113.0/24'] }),
  requests: z.int(),
  before: Deciding.nullable().meta({ description: 'The policy that decides now; null where roles alone do' }),
  after: Deciding.nullable().meta({
    description: 'The policy that would decide; null where roles alone would',
  }),
  example: z.object(GivenAttributes.shape).meta({
    examples: [{ 'request.ip': '203.0.113.9', 'resource.operation': 'updateRole' }],
    description: 'One of the latest of them, as `explain` takes it',
  }),
});

export const dryRunPolicy = endpoint(
  {
    operation: 'dryRunAbacPolicy',
    method: 'post',
    path: '/sso/abac-policies/dry-run',
    summary: "Try an attribute-based policy on the last day's requests, before it counts",
    description:
      'With `policy` alone: as if it were made; with `policy_id`, as if that one were replaced by it; with `policy_id` alone, as ' +
      'if that one were deleted. Nothing is changed. The requests are those of members and clients that came to the ' +
      'policies in the last 24 hours, as far as policies can tell them apart: to a quarter of an hour, and the age of an ' +
      'authentication to steps. In an hour 2,000 are told apart, 200 in an organization without policies; where there were more, ' +
      'or policies are so dear that it would take more than 15 seconds, `sampled` is below `requests`. What services decide about another organization than the active one is not among them.',
    caller: 'admin',
    activeOrganization: true,
    safe: true,
    body: z.object({
      policy_id: Id.optional().meta({ description: 'The policy that would be changed or deleted' }),
      policy: PolicyText.strict().optional().meta({
        description: 'As for creating; in mode `report` it decides nothing',
      }),
    }),
    answer: z.object({
      dry_run: z.object({
        from: Timestamp.nullable().meta({ description: 'Null where no request is known' }),
        until: Timestamp,
        requests: z.int(),
        sampled: z.int().meta({ description: 'So many of them were tried' }),
        newly_denied: z.int(),
        newly_allowed: z.int().meta({ description: 'By policies; roles may refuse them all the same' }),
        changed: z.array(Changed).meta({ description: `The most frequent first, ${MOST_SHOWN} at most` }),
        changed_groups: z
          .int()
          .meta({ description: 'How many there are of which `changed` shows the first' }),
        locks_you_out: Deciding.extend({ operation: z.string().meta({ examples: ['listAbacPolicies'] }) })
          .nullable()
          .meta({ description: 'What would deny you to take it back, so that it would be refused' }),
      }),
    }),
    errors: [AbacPolicyNotFound, TooManyAbacPolicies, PolicySamplesUnavailable],
  },
  async ({ body, caller, db, redis, limit }) => {
    if (body.policy === undefined && body.policy_id === undefined)
      throw ValidationFailed(undefined, [
        { field: 'body.policy', code: 'required', reason: 'is required where there is no policy_id' },
      ]);
    const rows = await policiesInOrder(db, caller.organizationId);
    const planned = plannedPolicies(rows, body);
    await limit('policy_dry_run', `organization ${caller.organizationId}`);
    const samples = readPolicySamples(redis, caller.organizationId);
    const trial = await tryOnSamples(samples, decidingPolicies(rows), planned).catch((cause: unknown) => {
      throw isAway(cause) ? PolicySamplesUnavailable() : cause;
    });
    const closed = closedWayBack(planned, caller);
    return {
      dry_run: {
        from: trial.from === null ? null : new Date(trial.from),
        until: new Date(),
        requests: trial.tried + trial.others,
        sampled: trial.tried,
        newly_denied: trial.denied,
        newly_allowed: trial.allowed,
        changed: trial.changed.slice(0, MOST_SHOWN).map(shown),
        changed_groups: trial.changed.length,
        locks_you_out: closed && { ...deciding(closed.policy), operation: closed.operation },
      },
    };
  },
);

const deciding = ({ id, name }: AttributePolicy) => ({ policy_id: id === NOT_MADE ? null : id, name });

function shown({ userId, before, after, example, ...rest }: ChangedRequests) {
  const attributes = attributesOf(example.request, example.at);
  const known = (Object.keys(ATTRIBUTES) as AttributeName[]).flatMap(name => {
    const value = attributes(name);
    return value === undefined ? [] : [[name, value]];
  });
  return {
    ...rest,
    user_id: userId,
    before: before && deciding(before),
    after: after && deciding(after),
    example: { ...Object.fromEntries(known), 'request.time': new Date(example.at).toISOString() },
  };
}
