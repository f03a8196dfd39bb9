import { PERMISSIONS } from '@rivergate/caller';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';

export const listPermissions = endpoint(
  {
    method: 'get',
    path: '/permissions',
    summary: 'The permission catalogue',
    description: 'Every permission that a role may hold. "*" in a role stands for all of them.',
    caller: 'user',
    answer: z.object({
      permissions: z.array(
        z.object({ code: z.string(), resource: z.string(), action: z.string(), description: z.string() }),
      ),
      total_count: z.int(),
      message: z.string(),
    }),
    message: 'Permissions listed successfully',
    messageInData: true,
  },
  async () => ({ permissions: [...PERMISSIONS], total_count: PERMISSIONS.length }),
);
