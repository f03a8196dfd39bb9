import { Branding, shownBranding } from '@rivergate/contracts';
import { acrossOrganizations, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { keptBranding } from '../branding/branding-store.ts';
import { endpoint } from '../endpoint.ts';
import { Reference } from '../reference.ts';
import { roleOfOrganization } from '../roles/role-store.ts';
import { InvitationExpired, InvitationNotFound, InvitationRevoked } from './errors.ts';
import { isStillHandedOut } from './hand-out.ts';
import { CLOSED, NO_LONGER_HANDED_OUT, requirePending, shown } from './invitation.ts';
import { findByToken } from './invitation-store.ts';

/** Long enough for any token, short enough to hash without a thought. */
export const InvitationToken = z.string().min(1).max(128).meta({ description: 'Token of the mailed link' });

const InvitationPreview = z
  .object({
    email: z.string(),
    organization: Reference,
    branding: Branding.nullable().meta({ description: 'Null where it has set nothing' }),
    workspace: Reference,
    role: Reference,
    invited_by: z.object({ display_name: z.string() }),
    message: z
      .string()
      .nullable()
      .meta({ examples: ['Welcome aboard!'] }),
    status: z.literal('pending'),
    expires_at: Timestamp,
  })
  .meta({ id: 'InvitationPreview' });

export const previewInvitation = endpoint(
  {
    operation: 'previewInvitation',
    method: 'get',
    path: '/invitations/:invitation',
    summary: 'Preview an invitation by its token',
    description:
      'Shows what accepting would give and changes nothing. Does not tell whether the address has an account.',
    caller: 'public',
    params: z.object({ invitation: InvitationToken }),
    answer: z.object({
      invitation: InvitationPreview,
    }),
    message: 'Invitation retrieved successfully',
    messageInData: true,
    errors: [InvitationNotFound, ...CLOSED],
  },
  async ({ params, db, publicUrl }) => {
    // Whoever holds the token is of no organization yet.
    await acrossOrganizations(db);
    const row = await findByToken(db, params.invitation);
    if (!row) throw InvitationNotFound();
    requirePending(row);
    const { email, organization, workspace, role, expires_at } = shown(row);
    if (!workspace || !role) throw InvitationExpired();
    const { permissions } = await roleOfOrganization(db, organization.id, role.id);
    if (!(await isStillHandedOut(db, row, { permissions }))) throw InvitationRevoked(NO_LONGER_HANDED_OUT);
    const kept = await keptBranding(db, organization.id);
    return {
      invitation: {
        email,
        organization,
        branding: shownBranding(organization.name, kept, publicUrl),
        workspace,
        role,
        invited_by: { display_name: row.inviter_name ?? organization.name },
        message: row.message,
        status: 'pending' as const,
        expires_at,
      },
    };
  },
);
