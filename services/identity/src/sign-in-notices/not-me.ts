import { error } from '@rivergate/endpoint';
import { signInDisowned } from '@rivergate/events';
import { tokenHash } from '@rivergate/secrets';
import { z } from 'zod';
import { accountById, lockAccount } from '../accounts/account-store.ts';
import { endpoint } from '../endpoint.ts';
import { applicationsMadeIn } from '../oauth-applications/application-store.ts';
import { noteResetRequest } from '../password/password-reset-store.ts';
import { endSessions } from '../sessions/end-sessions.ts';
import { sessionsThrough } from '../sessions/session-store.ts';
import { disownedMail } from './disowned-mail.ts';
import { endWhatWasMade } from './end-what-was-made.ts';
import { spendNotice } from './notice-store.ts';

export const InvalidNotice = error(
  'INVALID_TOKEN',
  400,
  'This link is not valid any more; to be safe, set a new password through "Forgot password"',
);

/**
 * The link alone changes nothing but what its mail tells of, since mails are read by many: it ends that session, undoes what
 * was made in it, and mails to the owner what any stranger could have mailed, the link to set a new password.
 */
export const notMe = endpoint(
  {
    operation: 'disownSession',
    method: 'post',
    path: '/auth/not-me',
    summary: 'End the session that a mail told of, and get a mail to set a new password',
    description:
      'With it ends, or is undone, what was made in it and in sessions that came by that: passwords, second factors, passkeys, ' +
      'trusted devices, connected accounts, tokens, applications and their grants, and a change of the address, unless another ' +
      'session has changed it since. A mail says what there was.',
    caller: 'token',
    body: z.object({ token: z.string().min(1).max(512) }),
    message: 'The sign-in has been ended; a mail to set a new password is on its way',
    messageInData: true,
    errors: [InvalidNotice],
    idempotency: false,
  },
  async ({ body, db, emit, mail, request, afterCommit, resetRequests, settings }) => {
    const notice = await spendNotice(db, tokenHash(body.token));
    if (!notice) throw InvalidNotice();
    const { user_id: userId, session_id: sessionId } = notice;
    // In the order of an approval: first the application, then the account.
    await applicationsMadeIn(db, await sessionsThrough(db, sessionId));
    // What is being made in the session waits, and finds that it has ended.
    await lockAccount(db, userId);
    const before = await accountById(db, userId);
    if (!before) return;
    const sessionIds = await sessionsThrough(db, sessionId);
    for (const each of sessionIds) await endSessions({ db, emit }, { userId, sessionId: each }, 'disowned');
    const { account, undone } = await endWhatWasMade({ db, emit, mail }, before, sessionIds);
    await emit(signInDisowned, {
      aggregateId: sessionId,
      organizationId: null,
      userId,
      data: { session_id: sessionId, user_id: userId, session_ids: sessionIds, undone },
    });
    const { email: to, display_name: displayName } = account;
    await mail.send(db, disownedMail({ to, displayName, app: settings.appUrl, undone }));
    await noteResetRequest(db, {
      email: account.email,
      ip_address: request.ip,
      user_agent: request.userAgent,
      request_id: request.id,
    });
    afterCommit(async () => resetRequests.processSoon());
  },
);
