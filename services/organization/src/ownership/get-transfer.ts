import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { enterOrganization } from '../organizations/organization-store.ts';
import { TransferNotFound } from './errors.ts';
import { pendingTransfer, Transfer } from './transfer.ts';

export const getOwnershipTransfer = endpoint(
  {
    operation: 'getOwnershipTransfer',
    method: 'get',
    path: '/organizations/:org_id/transfer-ownership',
    summary: 'The offer to hand the organization over, for administrators and for the one who is to have it',
    caller: 'user',
    params: z.object({ org_id: Id }),
    answer: z.object({ transfer: Transfer }),
    message: 'Ownership transfer retrieved successfully',
    errors: [TransferNotFound],
  },
  async ({ params, caller, db }) => {
    await enterOrganization(db, params.org_id);
    const transfer = await pendingTransfer(db, params.org_id);
    if (!transfer) throw TransferNotFound();
    const isAbout = transfer.to.user_id === caller.userId;
    if (!isAbout && !caller.isAdmin && !caller.isSystemAdmin) throw TransferNotFound();
    return { transfer };
  },
);
