import { Id } from '@rivergate/endpoint';
import { ownershipOfferEnded } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { TransferNotFound } from './errors.ts';
import { endTransfer, pendingTransfer, transferTo } from './transfer.ts';

const shape = {
  params: z.object({ org_id: Id }),
  answer: z.object({ organization_id: Id }),
  errors: [TransferNotFound],
  idempotency: false,
} as const;

export const declineOwnership = endpoint(
  {
    ...shape,
    operation: 'declineOwnership',
    method: 'post',
    path: '/organizations/:org_id/transfer-ownership/decline',
    summary: 'Decline an organization that is offered to the caller',
    caller: 'user',
    session: true,
    message: 'Ownership declined',
  },
  async ({ params: { org_id: organizationId }, caller: { userId }, db, emit }) => {
    await lockOrganization(db, organizationId);
    await transferTo(db, organizationId, userId);
    await endTransfer(db, organizationId);
    const data = { organization_id: organizationId, user_id: userId, reason: 'declined' as const };
    await emit(ownershipOfferEnded, { aggregateId: organizationId, organizationId, data });
    return { organization_id: organizationId };
  },
);

export const withdrawOwnership = endpoint(
  {
    ...shape,
    operation: 'withdrawOwnership',
    method: 'delete',
    path: '/organizations/:org_id/transfer-ownership',
    summary: 'Withdraw the offer to hand the organization over',
    caller: 'admin',
    session: true,
    message: 'Ownership offer withdrawn',
  },
  async ({ params: { org_id: organizationId }, db, emit }) => {
    await lockOrganization(db, organizationId);
    const transfer = await pendingTransfer(db, organizationId);
    if (!transfer) throw TransferNotFound();
    await endTransfer(db, organizationId);
    const data = {
      organization_id: organizationId,
      user_id: transfer.to.user_id,
      reason: 'withdrawn' as const,
    };
    await emit(ownershipOfferEnded, { aggregateId: organizationId, organizationId, data });
    return { organization_id: organizationId };
  },
);
