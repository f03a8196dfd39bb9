import { EmailAddress, Id, Timestamp, ValidationFailed } from '@rivergate/endpoint';
import { Job, TooManyJobs } from '@rivergate/jobs';
import { z } from 'zod';
import { currentCaller } from '../access/current-caller.ts';
import { endpoint, jobKind } from '../endpoint.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { PersonalMessage } from './invitation.ts';
import { invite } from './invite.ts';

const PATH = '/organizations/:org_id/members/bulk-invite';
const MOST = 500;

/** Each address as if it were invited by itself: what that would be refused with is the result of the item. */
export const inviting = jobKind(
  {
    name: 'bulk_invite',
    path: PATH,
    caller: 'perm:member.invite',
    input: z.object({}),
    item: z.object({
      email: z.string().meta({ examples: ['grace@example.com'] }),
      workspace_id: Id,
      role_id: Id,
      message: z
        .string()
        .nullable()
        .meta({ examples: ['Welcome!'] }),
    }),
    result: z.object({
      invitation: z.object({ id: Id, email: z.string(), expires_at: Timestamp }),
    }),
    attempts: 8,
  },
  async ({ item, caller, db, emit, ...tools }) => {
    const organization = await lockOrganization(db, caller.organizationId);
    const inviter = await currentCaller(db, organization.id, caller, 'member.invite');
    const { id, expiresAt } = await invite({ db, emit }, organization, inviter, item, tools);
    return { invitation: { id, email: item.email, expires_at: expiresAt.toISOString() } };
  },
);

const Shared = z.object({
  workspace_id: Id.optional(),
  role_id: Id.optional().meta({ description: 'Given on acceptance, organization-wide and in the workspace' }),
  message: PersonalMessage.optional(),
});

export const bulkInvite = endpoint(
  {
    operation: 'bulkInvite',
    method: 'post',
    path: PATH,
    summary: 'Invite up to 500 people by email at once',
    description:
      'Answers at once with a job; its items have a result for each address, in the order given, with the codes that ' +
      'inviting it by itself would answer. An address that is over a limit of mails waits until there is room. Tokens ' +
      'are in the mails alone. Workspace, role and message beside the list are for all addresses that have none of ' +
      'their own.',
    caller: 'perm:member.invite',
    params: z.object({ org_id: Id }),
    body: Shared.extend({
      invitations: z
        .array(Shared.extend({ email: EmailAddress }).strict())
        .min(1)
        .max(MOST),
    }),
    // Each address with a message of its own in characters of four bytes.
    bodyLimit: 3 * 1024 * 1024,
    answer: Job,
    status: 202,
    message: 'Invitations are on their way',
    errors: [TooManyJobs],
  },
  {
    check({ body }) {
      const details = body.invitations.flatMap((invitation, index) =>
        (['workspace_id', 'role_id'] as const)
          .filter(field => (invitation[field] ?? body[field]) === undefined)
          .map(field => ({
            field: `body.invitations.${index}.${field}`,
            code: 'required' as const,
            reason: 'is needed here, or beside the list for all',
          })),
      );
      if (details.length > 0) throw ValidationFailed(undefined, details);
    },
    handle: async ({ body, ...context }) => {
      const { invitations, ...shared } = body;
      const items = invitations.map(invitation => {
        const { email, workspace_id, role_id, message = null } = { ...shared, ...invitation };
        return { email, workspace_id: workspace_id!, role_id: role_id!, message };
      });
      return await inviting.start(context, { input: {}, items });
    },
  },
);
