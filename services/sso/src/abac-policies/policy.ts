import { displayText, error, Id, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { ConditionTree } from './condition.ts';

export const AbacPolicyNotFound = error(
  'ABAC_POLICY_NOT_FOUND',
  404,
  'The organization has no such policy by attributes',
);
export const TooManyAbacPolicies = error(
  'TOO_MANY_ABAC_POLICIES',
  409,
  'The organization has as many policies by attributes as it can',
);

export const PolicySamplesUnavailable = error(
  'POLICY_SAMPLES_UNAVAILABLE',
  503,
  'What requests there were cannot be read; try again shortly',
);

/** Policies that an organization can have. */
export const MOST_POLICIES = 50;

export const Named = z.object({ policy_id: Id });

const Effect = z.enum(['allow', 'deny']);
const Mode = z.enum(['enforce', 'report']);

/** What an administrator says of a policy. */
export const PolicyText = z.object({
  name: displayText(100).meta({
    description: 'Told to whom it denies a request',
    examples: ['Everything from the office'],
  }),
  priority: z.int().min(0).max(10_000).meta({
    description: 'The lowest is asked first, of equal ones the oldest; the first that applies decides',
  }),
  effect: Effect.meta({
    description: '`allow` ends the search: the request goes on as roles allow, and gets no more rights',
  }),
  mode: Mode.meta({
    description: '`report`: it decides nothing, and what it applies to is counted for a day',
  }),
  condition: ConditionTree,
});

export const AbacPolicy = z
  .object({
    id: Id,
    name: z.string(),
    priority: z.int(),
    effect: Effect,
    mode: Mode,
    condition: z.record(z.string(), z.unknown()),
    revision: z.int().meta({ description: 'Rises with each change' }),
    created_at: Timestamp,
    updated_at: Timestamp,
  })
  .meta({ id: 'AbacPolicy' });
