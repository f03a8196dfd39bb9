import { Id, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { Reference } from '../reference.ts';

export const MemberStatus = z.enum(['active', 'suspended']);

/** A member as the list shows one. */
export const Member = z
  .object({
    user_id: Id,
    email: z.string().nullable(),
    display_name: z.string().nullable(),
    profile_image_url: z.string().nullable(),
    status: MemberStatus,
    is_admin: z.boolean(),
    role: Reference.nullable().meta({
      description: 'Held organization-wide; of several, the first assigned',
    }),
    source: z.enum(['signup', 'invitation', 'admin', 'sso', 'scim']),
    joined_at: Timestamp,
  })
  .meta({ id: 'Member' });

/** A member with the workspaces that the member belongs to. */
export const MemberInFull = Member.extend({
  workspaces: z.array(Reference.extend({ role: Reference.nullable() })),
}).meta({ id: 'MemberInFull' });
