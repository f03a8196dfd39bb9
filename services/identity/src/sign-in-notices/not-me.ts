import { error } from '@rivergate/endpoint';
import { tokenHash } from '@rivergate/secrets';
import { z } from 'zod';
import { accountById } from '../accounts/account-store.ts';
import { endpoint } from '../endpoint.ts';
import { noteResetRequest } from '../password/password-reset-store.ts';
import { endSessions } from '../sessions/end-sessions.ts';
import { revokeDevices } from '../trusted-devices/revoke-devices.ts';
import { endWhatWasMade } from './end-what-was-made.ts';
import { spendNotice } from './notice-store.ts';

export const InvalidNotice = error(
  'INVALID_TOKEN',
  400,
  'This link is not valid any more; to be safe, set a new password through "Forgot password"',
);

/**
 * The link alone changes nothing but what its mail tells of, since mails are read by many: it ends that session with what
 * was made in it, and mails to the owner what any stranger could have mailed, the link to set a new password.
 */
export const notMe = endpoint(
  {
    operation: 'disownSession',
    method: 'post',
    path: '/auth/not-me',
    summary: 'End the session that a mail told of, and get a mail to set a new password',
    description: 'With it end the tokens, passkeys and grants of applications that were made in it.',
    caller: 'token',
    body: z.object({ token: z.string().min(1).max(512) }),
    message: 'The sign-in has been ended; a mail to set a new password is on its way',
    messageInData: true,
    errors: [InvalidNotice],
    idempotency: false,
  },
  async ({ body, db, emit, mail, request, afterCommit, resetRequests }) => {
    const notice = await spendNotice(db, tokenHash(body.token));
    if (!notice) throw InvalidNotice();
    const { user_id: userId, session_id: sessionId } = notice;
    await endSessions({ db, emit }, { userId, sessionId }, 'disowned');
    await revokeDevices({ db, emit }, { userId, sessionId }, 'disowned');
    const account = await accountById(db, userId);
    if (!account) return;
    await endWhatWasMade({ db, emit, mail }, account, sessionId);
    await noteResetRequest(db, {
      email: account.email,
      ip_address: request.ip,
      user_agent: request.userAgent,
      request_id: request.id,
    });
    afterCommit(async () => resetRequests.processSoon());
  },
);
