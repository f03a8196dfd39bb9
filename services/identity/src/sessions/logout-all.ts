import { Forbidden } from '@rivergate/endpoint';
import { endpoint } from '../endpoint.ts';
import { endSessions } from './end-sessions.ts';
import { requireSession } from './require-session.ts';

export const logoutAll = endpoint(
  {
    operation: 'logOutEverywhere',
    method: 'post',
    path: '/auth/logout-all',
    summary: 'End every session of the caller',
    caller: 'user',
    status: 204,
    errors: [Forbidden],
  },
  async ({ caller, db, emit }) => {
    await endSessions({ db, emit }, { userId: requireSession(caller).userId }, 'logout_all');
  },
);
