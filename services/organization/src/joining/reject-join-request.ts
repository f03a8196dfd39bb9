import { deletion, Id } from '@rivergate/endpoint';
import { joinRequestRejected } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { JoinRequestNotFound } from './errors.ts';
import { pendingRequest } from './join-requests.ts';

const rejected = deletion('join_request');

export const rejectJoinRequest = endpoint(
  {
    operation: 'rejectJoinRequest',
    method: 'delete',
    path: '/organizations/:org_id/join-requests/:request_id',
    summary: 'Do not let in somebody who asks to join',
    description: 'They cannot ask again; an invitation lets them in all the same.',
    caller: 'admin',
    params: z.object({ org_id: Id, request_id: Id }),
    answer: rejected.answer,
    message: 'Request rejected',
    errors: [JoinRequestNotFound],
  },
  async ({ params: { org_id: organizationId, request_id }, caller, db, emit }) => {
    await lockOrganization(db, organizationId);
    const { id, userId } = await pendingRequest(db, organizationId, request_id);
    await db('join_requests').where({ id }).update({ rejected_at: db.fn.now(), rejected_by: caller.userId });
    const data = { join_request_id: id, organization_id: organizationId, user_id: userId };
    await emit(joinRequestRejected, { aggregateId: id, organizationId, data });
    return rejected.of(id);
  },
);
