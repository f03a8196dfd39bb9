import { endpoint } from '../endpoint.ts';
import { endSessions } from './end-sessions.ts';

export const logoutAll = endpoint(
  {
    operation: 'logOutEverywhere',
    method: 'post',
    path: '/auth/logout-all',
    summary: 'End every session of the caller',
    caller: 'user',
    session: true,
    anyNetwork: true,
    status: 204,
  },
  async ({ caller, db, emit }) => {
    await endSessions({ db, emit }, { userId: caller.userId }, 'logout_all');
  },
);
