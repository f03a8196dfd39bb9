import { holds, type Principal } from '@rivergate/caller';
import {
  EmailAddress,
  Forbidden,
  Id,
  missingPermission,
  Timestamp,
  ValidationFailed,
} from '@rivergate/endpoint';
import { Job, TooManyJobs } from '@rivergate/jobs';
import type { Knex } from 'knex';
import { z } from 'zod';
import { standingOf } from '../access/standing.ts';
import { endpoint, jobKind } from '../endpoint.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { personOf } from '../people/people-store.ts';
import { PersonalMessage } from './invitation.ts';
import { invite } from './invite.ts';

const PATH = '/organizations/:org_id/members/bulk-invite';
const MOST = 500;

type Inviter = Principal & { userId: number };

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
    const inviter = await currentInviter(db, organization.id, caller);
    const { id, expiresAt } = await invite({ db, emit }, organization, inviter, item, tools);
    return { invitation: { id, email: item.email, expires_at: expiresAt.toISOString() } };
  },
);

/**
 * The inviter under the organization's lock, for which the removal of a member waits: no invitation goes out behind it.
 *
 * @throws Forbidden
 */
async function currentInviter(
  db: Knex.Transaction,
  organizationId: number,
  caller: Inviter,
): Promise<Inviter> {
  if (caller.isSystemAdmin) return caller;
  const person = await personOf(db, caller.userId);
  const inviter = { ...caller, ...(await standingOf(db, organizationId, caller.userId)) };
  if (person?.status === 'active' && holds(inviter, 'member.invite')) return inviter;
  throw Forbidden('You may not invite into this organization any more', [missingPermission('member.invite')]);
}

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
