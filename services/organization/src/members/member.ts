import { Id, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';

const Named = z.object({ id: Id, name: z.string() });

export const MemberStatus = z.enum(['active', 'suspended']);

/** A member as the list shows one. */
export const Member = z.object({
  user_id: Id,
  email: z.string().nullable(),
  display_name: z.string().nullable(),
  profile_image_url: z.string().nullable(),
  status: MemberStatus,
  is_admin: z.boolean(),
  role: Named.nullable().meta({ description: 'Held organization-wide; of several, the first assigned' }),
  source: z.enum(['signup', 'invitation', 'admin', 'sso', 'scim']),
  joined_at: Timestamp,
});

/** A member with the workspaces that the member belongs to. */
export const MemberInFull = Member.extend({
  workspaces: z.array(Named.extend({ role: Named.nullable() })),
});
