import { TokenBundle, UserNotFound } from '@rivergate/contracts';
import { Id, Unauthorized } from '@rivergate/endpoint';
import { impersonationStarted } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { accessToken } from '../tokens/token-bundle.ts';
import { ImpersonationNotFound, ImpersonationRefused, ImpersonationStateConflict } from './impersonation.ts';
import { startedMail } from './impersonation-mails.ts';
import {
  impersonationSession,
  lockOwnSession,
  openImpersonationSession,
} from './impersonation-session-store.ts';
import { findImpersonation, lockImpersonation, shownById } from './impersonation-store.ts';
import { requireAllowed } from './rights.ts';

export const issueImpersonationToken = endpoint(
  {
    operation: 'issueImpersonationToken',
    method: 'post',
    path: '/organizations/:org_id/impersonations/:impersonation_id/token',
    summary: "An access token in a member's name, once the member has approved",
    description:
      'For who asked, in the session in which they began. It lasts ten minutes at most and is not refreshed: while the ' +
      'impersonation goes on, another one can be had here. `sub` is the member, `act.sub` the administrator (RFC 8693, section 4.1).',
    caller: 'perm:user.impersonate',
    session: true,
    params: z.object({ org_id: Id, impersonation_id: Id }),
    answer: TokenBundle.omit({ refresh_token: true }).meta({ id: 'ImpersonationToken' }),
    status: 201,
    message: 'Everything that you do with it is recorded as done by you, in the name of the member',
    errors: [ImpersonationNotFound, UserNotFound, ImpersonationRefused, ImpersonationStateConflict],
    // Asking again gives another one.
    idempotency: false,
  },
  {
    async prepare({ params: { org_id: organization_id, impersonation_id: id }, caller, call, knex }) {
      const found = await findImpersonation(knex, { id, organization_id, administrator_id: caller.userId });
      if (!found) throw ImpersonationNotFound();
      await requireAllowed(call, found);
    },
    async handle({ params: { impersonation_id: id }, caller, request, db, emit, mail, ...tools }) {
      const { sessionId: administratorSessionId, userId } = caller;
      const until = await lockOwnSession(db, { id: administratorSessionId, user_id: userId });
      if (!until) throw Unauthorized();
      const found = await lockImpersonation(db, id);
      if (found?.status !== 'active') throw ImpersonationStateConflict('It is not approved, or is over');
      if (found.session_id !== null) {
        if (found.administrator_session_id !== administratorSessionId)
          throw ImpersonationStateConflict('It was started in another session of yours, and goes on there');
        const session = await impersonationSession(db, found.session_id);
        if (!session) throw ImpersonationStateConflict('It is over');
        return accessToken(tools, session);
      }
      const { ip, userAgent } = request;
      const session = await openImpersonationSession(db, {
        id,
        administratorSessionId,
        until,
        ip,
        userAgent,
      });
      if (!session)
        throw ImpersonationRefused('The account of this user is suspended, or administers the platform');
      await emit(impersonationStarted, {
        aggregateId: id,
        organizationId: found.organization_id,
        // In the member's own history: a session of theirs, of somebody else.
        userId: session.user_id,
        impersonatorId: userId,
        data: {
          impersonation_id: id,
          user_id: session.user_id,
          administrator_id: userId,
          session_id: session.id,
          until: session.expires_at.toISOString(),
        },
      });
      const impersonation = await shownById(db, id);
      await mail.send(db, startedMail({ impersonation, app: tools.settings.appUrl }));
      return accessToken(tools, session);
    },
  },
);
