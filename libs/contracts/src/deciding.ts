import type { ProcessName } from '@rivergate/caller';

/** Who decides what a user may do: the gateway, and each service about a write that waited on its way. */
export const DECIDING = [
  'gateway',
  'identity',
  'organization',
  'sso',
  'data-source',
  'orchestration',
  'policy',
  'storage',
  'staging',
  'prompt',
] as const satisfies ProcessName[];
