import { Id, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';

export const Role = z
  .object({
    id: Id,
    name: z.string().meta({ examples: ['Developer'] }),
    permissions: z.array(z.string()).meta({ examples: [['workspace.read', 'workspace.create']] }),
    usage_count: z.int().meta({ description: 'Users who hold the role now, anywhere in the organization' }),
    is_system: z.boolean().meta({ description: 'Built in' }),
    created_at: Timestamp,
  })
  .meta({ id: 'Role' });
