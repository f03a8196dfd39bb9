import { EmailAddress, Id, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { PersonalMessage } from './invitation.ts';
import { INVITING, invite } from './invite.ts';

export const inviteMember = endpoint(
  {
    operation: 'inviteMember',
    method: 'post',
    path: '/organizations/:org_id/members/invite',
    summary: 'Invite someone by email into a workspace with a role',
    description: 'The token is shown here and in the mail, and nowhere else.',
    caller: 'perm:member.invite',
    params: z.object({ org_id: Id }),
    body: z.object({
      email: EmailAddress,
      workspace_id: Id,
      role_id: Id.meta({ description: 'Given on acceptance, organization-wide and in the workspace' }),
      message: PersonalMessage.optional(),
    }),
    answer: z.object({
      invitation: z.object({ id: Id, token: z.string(), email: z.string(), expires_at: Timestamp }),
    }),
    status: 201,
    message: 'Invitation sent successfully',
    messageInData: true,
    errors: INVITING,
  },
  async ({ params, body, caller, db, emit, ...tools }) => {
    const organization = await lockOrganization(db, params.org_id);
    const wanted = { ...body, message: body.message ?? null };
    const { id, token, expiresAt } = await invite({ db, emit }, organization, caller, wanted, tools);
    return { invitation: { id, token, email: body.email, expires_at: expiresAt } };
  },
);
