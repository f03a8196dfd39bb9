import { Id } from '@rivergate/endpoint';
import { ownershipTransferred } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { WithdrawnInvitation, withdrawInvitations } from '../invitations/withdraw-invitations.ts';
import { changeRole } from '../members/change-role.ts';
import { EmailDomainNotAllowed, LastAdministrator } from '../members/errors.ts';
import { administersForGood } from '../members/last-administrator.ts';
import { findMembership } from '../members/member-store.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { builtInRole, roleOfOrganization } from '../roles/role-store.ts';
import { TransferNotFound } from './errors.ts';
import { endTransfer, transferTo } from './transfer.ts';

export const acceptOwnership = endpoint(
  {
    operation: 'acceptOwnership',
    method: 'post',
    path: '/organizations/:org_id/transfer-ownership/accept',
    summary: 'Accept an organization that is offered to the caller',
    description:
      'The caller administers it from now on, and the one who offered it has the role that was named. An offer of somebody ' +
      'who does not administer the organization any more is none.',
    caller: 'user',
    session: true,
    fresh: true,
    params: z.object({ org_id: Id }),
    answer: z.object({
      organization_id: Id,
      withdrawn_invitations: z.array(WithdrawnInvitation).meta({
        description: 'Pending invitations of the former administrator that could not be sent any more',
      }),
    }),
    message: 'Ownership accepted',
    errors: [TransferNotFound, EmailDomainNotAllowed, LastAdministrator],
    idempotency: false,
  },
  async ({ params: { org_id: organizationId }, caller: { userId }, db, emit }) => {
    await lockOrganization(db, organizationId);
    const transfer = await transferTo(db, organizationId, userId);
    const from = transfer.from.user_id;
    const [giver, receiver] = [
      await findMembership(db, organizationId, from),
      await findMembership(db, organizationId, userId),
    ];
    if (receiver?.status !== 'active' || !giver || !(await administersForGood(db, organizationId, from)))
      throw TransferNotFound();

    const work = { db, emit };
    const role = await roleOfOrganization(db, organizationId, transfer.role.id);
    await endTransfer(db, organizationId);
    await changeRole(work, organizationId, receiver, await builtInRole(db, organizationId, 'Admin'), from);
    await changeRole(work, organizationId, giver, role, from);
    const data = { organization_id: organizationId, from_user_id: from, user_id: userId };
    await emit(ownershipTransferred, { aggregateId: organizationId, organizationId, data });
    const withdrawn = await withdrawInvitations(work, organizationId, from);
    return { organization_id: organizationId, withdrawn_invitations: withdrawn };
  },
);
