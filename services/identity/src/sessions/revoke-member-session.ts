import { SessionNotFound } from '@rivergate/contracts';
import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { endSessions } from './end-sessions.ts';

export const revokeMemberSession = endpoint(
  {
    operation: 'revokeMemberSession',
    method: 'delete',
    path: '/organizations/:org_id/sessions/:session_id',
    summary: 'End the session of a member',
    description: 'One in which this organization is the active one; the member signs in again.',
    caller: 'admin',
    params: z.object({ org_id: Id, session_id: Id }),
    message: 'Session revoked',
    messageInData: true,
    errors: [SessionNotFound],
  },
  async ({ params: { org_id: organizationId, session_id: sessionId }, db, emit }) => {
    const which = { organizationId, sessionId };
    const ended = await endSessions({ db, emit }, which, 'revoked_by_administrator', organizationId);
    if (ended === 0) throw SessionNotFound();
  },
);
