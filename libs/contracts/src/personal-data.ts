import type { ServiceName } from '@rivergate/caller';
import { Id, spec } from '@rivergate/endpoint';
import { z } from 'zod';

/** Services that hold something on people: each is asked for an export, and confirms an erasure. */
export const HOLDERS_OF_PERSONAL_DATA = [
  'identity',
  'organization',
  'sso',
] as const satisfies readonly ServiceName[];

/** A row of what a service holds, under the name of its table. */
export const PersonalRow = z.object({ section: z.string(), row: z.record(z.string(), z.unknown()) });

/** Asked by organization for an export: all that a service holds on a user, or what of it belongs to an organization. */
export function personalDataOf<const Service extends ServiceName>(owner: Service) {
  const name = owner.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
  return spec({
    owner,
    operation: `export${name}Data`,
    method: 'get',
    path: '/internal/users/:user_id/personal-data',
    summary: 'What this service holds on a user',
    caller: 'internal',
    callers: ['organization'],
    params: z.object({ user_id: Id }),
    query: z.object({
      organization_id: Id.optional().meta({
        description: 'Only what belongs to this organization; without it, all',
      }),
      in_full: z.boolean().meta({ description: 'Also what only administrators and the user are shown' }),
    }),
    streams: { 'application/x-ndjson': PersonalRow },
  });
}
