import { UserNotFound } from '@rivergate/contracts';
import { Id } from '@rivergate/endpoint';
import { impersonationApproved } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import {
  Impersonation,
  ImpersonationNotFound,
  ImpersonationRefused,
  ImpersonationStateConflict,
} from './impersonation.ts';
import { approve, findImpersonation, shownById } from './impersonation-store.ts';
import { requireAllowed } from './rights.ts';

export const approveImpersonation = endpoint(
  {
    operation: 'approveImpersonation',
    method: 'post',
    path: '/auth/me/impersonations/:impersonation_id/approve',
    summary: "Let an administrator act in the caller's name",
    description: 'For the minutes that were asked for, from now on; the caller can end it at any time.',
    caller: 'user',
    session: true,
    fresh: true,
    params: z.object({ impersonation_id: Id }),
    answer: z.object({ impersonation: Impersonation }),
    message: 'Approved',
    errors: [ImpersonationNotFound, UserNotFound, ImpersonationRefused, ImpersonationStateConflict],
  },
  {
    async prepare({ params: { impersonation_id: id }, caller, call, knex }) {
      const found = await findImpersonation(knex, { id, user_id: caller.userId });
      if (!found) throw ImpersonationNotFound();
      await requireAllowed(call, found);
    },
    async handle({ params: { impersonation_id: id }, caller: { userId, sessionId }, db, emit }) {
      const approved = await approve(db, { id, userId, sessionId });
      if (!approved)
        throw ImpersonationStateConflict('It was answered already, withdrawn, or asked too long ago');
      const { organization_id, administrator_id, ends_at } = approved;
      await emit(impersonationApproved, {
        aggregateId: id,
        organizationId: organization_id,
        data: { impersonation_id: id, user_id: userId, administrator_id, until: ends_at.toISOString() },
      });
      return { impersonation: await shownById(db, id) };
    },
  },
);
