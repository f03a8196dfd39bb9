import { deletion, Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { endImpersonations } from '../sessions/end-sessions.ts';
import { ImpersonationNotFound, ImpersonationStateConflict } from './impersonation.ts';
import { findImpersonation } from './impersonation-store.ts';

const removed = deletion('impersonation');
const shared = {
  method: 'delete',
  session: true,
  answer: removed.answer,
  message: 'Ended',
  errors: [ImpersonationNotFound, ImpersonationStateConflict],
} as const;
const isOver = () => ImpersonationStateConflict('It is over already');

export const endOwnImpersonation = endpoint(
  {
    ...shared,
    operation: 'endOwnImpersonation',
    path: '/auth/me/impersonations/:impersonation_id',
    summary: "Have nobody act in the caller's name any more",
    description: 'In force with the next request of the administrator.',
    caller: 'user',
    params: z.object({ impersonation_id: Id }),
  },
  async ({ params: { impersonation_id: id }, caller: { userId: user_id }, db, emit }) => {
    if (!(await findImpersonation(db, { id, user_id }))) throw ImpersonationNotFound();
    if ((await endImpersonations({ db, emit }, { id, user_id }, 'ended_by_member')) === 0) throw isOver();
    return removed.of(id);
  },
);

export const withdrawImpersonation = endpoint(
  {
    ...shared,
    operation: 'withdrawImpersonation',
    path: '/organizations/:org_id/impersonations/:impersonation_id',
    summary: 'Withdraw what a member was asked for, or end it',
    description: 'Also what another administrator of the organization asked for.',
    caller: 'perm:user.impersonate',
    params: z.object({ org_id: Id, impersonation_id: Id }),
  },
  async ({ params: { org_id: organization_id, impersonation_id: id }, db, emit }) => {
    if (!(await findImpersonation(db, { id, organization_id }))) throw ImpersonationNotFound();
    if ((await endImpersonations({ db, emit }, { id, organization_id }, 'withdrawn')) === 0) throw isOver();
    return removed.of(id);
  },
);
