import { Id, organizationList } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { enterOrganization } from '../organizations/organization-store.ts';
import { JoinRequest, pendingRequests } from './join-requests.ts';

const requests = organizationList('join_requests', JoinRequest);

interface Row {
  id: number;
  user_id: number;
  email: string;
  display_name: string;
  created_at: Date;
}

export const listJoinRequests = endpoint(
  {
    operation: 'listJoinRequests',
    method: 'get',
    path: '/organizations/:org_id/join-requests',
    summary: 'List the people who ask to join, those first who wait the longest',
    caller: 'admin',
    params: z.object({ org_id: Id }),
    query: requests.query,
    answer: requests.answer,
    message: 'Requests retrieved successfully',
  },
  async ({ params: { org_id: organizationId }, query, db }) => {
    await enterOrganization(db, organizationId);
    return await requests.page(pendingRequests(db, organizationId), query, {
      read: found =>
        found
          .select('r.id', 'r.user_id', 'p.email', 'p.display_name', 'r.created_at')
          .orderBy(['r.created_at', 'r.id']),
      show: ({ id, user_id, email, display_name, created_at }: Row) => ({
        id,
        user: { id: user_id, email, display_name },
        created_at,
      }),
    });
  },
);
