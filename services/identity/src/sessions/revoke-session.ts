import { SessionNotFound } from '@rivergate/contracts';
import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { endSessions } from './end-sessions.ts';

export const revokeSession = endpoint(
  {
    operation: 'revokeSession',
    method: 'delete',
    path: '/sessions/:session_id',
    summary: 'Revoke a session',
    caller: 'user',
    session: true,
    params: z.object({ session_id: Id }),
    answer: z.object({ success: z.literal(true) }),
    message: 'Session revoked',
    errors: [SessionNotFound],
  },
  async ({ params, caller, db, emit }) => {
    const { userId } = caller;
    const ended = await endSessions({ db, emit }, { userId, sessionId: params.session_id }, 'revoked');
    if (ended === 0) throw SessionNotFound();
    return { success: true } as const;
  },
);
