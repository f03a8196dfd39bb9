import { Id, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';

/** A custom role as changes of it answer it. */
export const CustomRole = z
  .object({
    id: Id,
    name: z.string().meta({ examples: ['Custom Developer'] }),
    permissions: z.array(z.string()).meta({ examples: [['workspace.read', 'workspace.write']] }),
  })
  .meta({ id: 'CustomRole' });
export const CreatedRole = CustomRole.extend({ created_at: Timestamp }).meta({ id: 'CreatedRole' });

export const Impact = z
  .object({
    affected_users: z.int().meta({ description: 'Users who hold the role now' }),
    permissions_added: z.array(z.string()).meta({ examples: [['workspace.delete']] }),
    permissions_removed: z.array(z.string()).meta({ examples: [['workspace.write']] }),
  })
  .meta({ id: 'RoleImpact' });

/** That a member holds a role. */
export const Assignment = z
  .object({
    id: Id,
    role_id: Id,
    user_id: Id,
    workspace_id: Id.nullable().meta({ description: 'Null: organization-wide' }),
    assigned_by: Id.nullable().meta({ description: 'Null: the system' }),
    assigned_at: Timestamp,
    expires_at: Timestamp.nullable().meta({ description: 'When it ends by itself; null: never' }),
  })
  .meta({ id: 'RoleAssignment' });

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
