import { Id, Timestamp } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { z } from 'zod';
import { MemberStatus } from '../members/member.ts';
import { type MemberRow, memberColumns } from '../members/member-store.ts';
import { Reference } from '../reference.ts';

/** A user of the organization as lists show one. */
export const User = z
  .object({
    id: Id,
    email: z
      .string()
      .nullable()
      .meta({ examples: ['ada@example.com'] }),
    display_name: z
      .string()
      .nullable()
      .meta({ examples: ['Ada'] }),
    profile_image_url: z
      .string()
      .nullable()
      .meta({ examples: ['https://example.com/ada.png'] }),
    status: MemberStatus.meta({ description: 'Of the membership: other organizations have their own' }),
    status_updated_at: Timestamp.nullable(),
    email_verified: z.boolean(),
    is_admin: z.boolean(),
    role: Reference.nullable().meta({
      description: 'Held organization-wide; of several, the first assigned',
    }),
    created_at: Timestamp.meta({ description: 'When the user joined the organization' }),
    updated_at: Timestamp,
    last_login_at: Timestamp.nullable(),
    last_activity_at: Timestamp.nullable().meta({ description: 'To the hour, while a session is in use' }),
  })
  .meta({ id: 'OrganizationUser' });

/** A user with the workspaces that the user belongs to. */
export const UserInFull = User.extend({
  workspaces: z.array(Reference.extend({ role: Reference.nullable() })),
}).meta({ id: 'OrganizationUserInFull' });

export interface UserRow extends Omit<MemberRow, 'source'> {
  status_updated_at: Date | null;
  email_verified: boolean;
  updated_at: Date;
  last_login_at: Date | null;
  last_activity_at: Date | null;
}

export function userColumns(db: Knex.Transaction) {
  return [
    ...memberColumns(db).filter(column => column !== 'm.source'),
    'm.status_updated_at',
    'm.email_verified',
    'm.updated_at',
    'm.last_login_at',
    'm.last_activity_at',
  ];
}

export const shownUser = ({ user_id: id, joined_at: created_at, ...user }: UserRow) => ({
  id,
  ...user,
  created_at,
});
