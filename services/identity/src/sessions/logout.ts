import { error } from '@rivergate/endpoint';
import { endpoint } from '../endpoint.ts';
import { endSessions } from './end-sessions.ts';

export const LogoutFailed = error('LOGOUT_FAILED', 400, 'This token belongs to no session');

export const logout = endpoint(
  {
    operation: 'logOut',
    method: 'post',
    path: '/auth/logout',
    summary: 'End this session',
    caller: 'user',
    beforeEnrolment: true,
    anyNetwork: true,
    impersonated: true,
    status: 204,
    errors: [LogoutFailed],
  },
  async ({ caller, db, emit }) => {
    if (caller.sessionId === null || caller.token !== null) throw LogoutFailed();
    await endSessions({ db, emit }, { userId: caller.userId, sessionId: caller.sessionId }, 'logout');
  },
);
