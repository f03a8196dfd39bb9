import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { enterOrganization } from '../organizations/organization-store.ts';
import { UserNotFound } from './errors.ts';
import { MemberInFull } from './member.ts';
import { memberOf, workspacesOfMember } from './member-store.ts';

export const getMember = endpoint(
  {
    operation: 'getMember',
    method: 'get',
    path: '/organizations/:org_id/members/:user_id',
    summary: 'Get a member with roles and workspaces',
    caller: 'user',
    clients: true,
    params: z.object({ org_id: Id, user_id: Id }),
    answer: z.object({ member: MemberInFull }),
    message: 'Member retrieved successfully',
    messageInData: true,
    errors: [UserNotFound],
  },
  async ({ params, db }) => {
    await enterOrganization(db, params.org_id);
    const member = await memberOf(db, params.org_id, params.user_id);
    return { member: { ...member, workspaces: await workspacesOfMember(db, params.org_id, params.user_id) } };
  },
);
