import { PERMISSIONS } from '@rivergate/caller';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';

const Permission = z
  .object({ code: z.string(), resource: z.string(), action: z.string(), description: z.string() })
  .meta({
    id: 'Permission',
    examples: [{ code: 'member.invite', resource: 'member', action: 'invite', description: 'Invite people' }],
  });

export const listPermissions = endpoint(
  {
    operation: 'listPermissions',
    method: 'get',
    path: '/permissions',
    summary: 'The permission catalogue',
    description: 'Every permission that a role may hold. "*" in a role stands for all of them.',
    caller: 'user',
    boundSessions: true,
    answer: z.object({
      permissions: z.array(Permission),
      total_count: z.int(),
    }),
    message: 'Permissions listed successfully',
    messageInData: true,
  },
  async () => ({ permissions: [...PERMISSIONS], total_count: PERMISSIONS.length }),
);
