import { Id, stream, UpstreamUnavailable } from '@rivergate/endpoint';
import { userExported } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { UserNotFound } from '../members/errors.ts';
import { membershipOf } from '../members/member-store.ts';
import { Archive, archive } from './archive.ts';

const MESSAGE = 'User exported successfully';

export const exportUser = endpoint(
  {
    operation: 'exportUser',
    method: 'get',
    path: '/users/:user_id/export',
    summary: 'Everything that the fleet holds on a user in the organization, as JSON',
    description:
      'Only what belongs to this organization: the account and what the user is elsewhere are in the archive that the user ' +
      'gets by GET /auth/me/export. No secret and no hash of one is in it. Administrators and the user themself get it in ' +
      'full; others without sessions, tokens, and what was done from where. Each export is in the audit log. It is ' +
      'made while it is sent; where a service does not answer there is none, and where one breaks off the connection is ' +
      'closed early.',
    caller: 'perm:user.read',
    activeOrganization: true,
    clients: true,
    writes: true,
    params: z.object({ user_id: Id }),
    answer: z.object(Archive.shape),
    streams: { 'application/json': 'text' },
    message: MESSAGE,
    errors: [UserNotFound, UpstreamUnavailable],
  },
  async ({ params: { user_id: userId }, caller, db, emit, call }) => {
    const { organizationId } = caller;
    await membershipOf(db, organizationId, userId);
    const themself = caller.userId === userId && caller.impersonator === null;
    const inFull = caller.isAdmin || caller.isSystemAdmin || themself;
    await emit(userExported, {
      aggregateId: userId,
      organizationId,
      data: { user_id: userId, organization_id: organizationId },
    });
    return stream('application/json', () => archive(call, { userId, organizationId, inFull }, MESSAGE), {
      headers: attachment(`user-${userId}.json`),
    });
  },
);

export const attachment = (name: string) => ({ 'content-disposition': `attachment; filename="${name}"` });
