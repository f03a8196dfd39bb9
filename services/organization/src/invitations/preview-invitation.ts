import { acrossOrganizations, Id, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { InvitationExpired, InvitationNotFound } from './errors.ts';
import { CLOSED, requirePending, shown } from './invitation.ts';
import { findByToken } from './invitation-store.ts';

const Named = z.object({ id: Id, name: z.string() });

/** Long enough for any token, short enough to hash without a thought. */
export const InvitationToken = z.string().min(1).max(128);

export const previewInvitation = endpoint(
  {
    method: 'get',
    path: '/invitations/:invitation_token',
    summary: 'Preview an invitation by its token',
    description:
      'Shows what accepting would give and changes nothing. Does not tell whether the address has an account.',
    caller: 'public',
    params: z.object({ invitation_token: InvitationToken }),
    answer: z.object({
      invitation: z.object({
        email: z.string(),
        organization: Named,
        workspace: Named,
        role: Named,
        invited_by: z.object({ display_name: z.string() }),
        message: z.string().nullable(),
        status: z.literal('pending'),
        expires_at: Timestamp,
      }),
      message: z.string(),
    }),
    message: 'Invitation retrieved successfully',
    messageInData: true,
    errors: [InvitationNotFound, ...CLOSED],
  },
  async ({ params, db }) => {
    // Whoever holds the token is of no organization yet.
    await acrossOrganizations(db);
    const row = await findByToken(db, params.invitation_token);
    if (!row) throw InvitationNotFound();
    requirePending(row);
    const { email, organization, workspace, role, expires_at } = shown(row);
    if (!workspace || !role) throw InvitationExpired();
    return {
      invitation: {
        email,
        organization,
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
