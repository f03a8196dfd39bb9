import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { endImpersonations } from '../sessions/end-sessions.ts';
import { Impersonation, ImpersonationNotFound, ImpersonationStateConflict } from './impersonation.ts';
import { findImpersonation, shownById } from './impersonation-store.ts';

export const denyImpersonation = endpoint(
  {
    operation: 'denyImpersonation',
    method: 'post',
    path: '/auth/me/impersonations/:impersonation_id/deny',
    summary: "Do not let an administrator act in the caller's name",
    caller: 'user',
    session: true,
    params: z.object({ impersonation_id: Id }),
    answer: z.object({ impersonation: Impersonation }),
    message: 'Denied',
    errors: [ImpersonationNotFound, ImpersonationStateConflict],
  },
  async ({ params: { impersonation_id: id }, caller: { userId: user_id }, db, emit }) => {
    if (!(await findImpersonation(db, { id, user_id }))) throw ImpersonationNotFound();
    const denied = await endImpersonations({ db, emit }, { id, user_id, approved_at: null }, 'denied');
    if (denied === 0) throw ImpersonationStateConflict('It was answered already, or withdrawn');
    return { impersonation: await shownById(db, id) };
  },
);
