import { UserNotFound } from '@rivergate/contracts';
import { error } from '@rivergate/endpoint';
import { passwordReset } from '@rivergate/events';
import { hashPassword, tokenHash } from '@rivergate/secrets';
import { z } from 'zod';
import { accountById, setPassword } from '../accounts/account-store.ts';
import { NewPassword, requireOrganizationPolicies } from '../accounts/password-policy.ts';
import { addressMadeIn } from '../email-change/address-change-store.ts';
import { endpoint } from '../endpoint.ts';
import { clearTries } from '../login/check-credentials.ts';
import { endSessions } from '../sessions/end-sessions.ts';
import { revokeDevices } from '../trusted-devices/revoke-devices.ts';
import { passwordChangedMail } from './password-mails.ts';
import { clearResetTokens, resetTokenOwner, spendResetToken } from './password-reset-store.ts';

export const InvalidResetToken = error(
  'INVALID_TOKEN',
  400,
  'This link is not valid any more; ask for a new one',
);

export const resetPassword = endpoint(
  {
    operation: 'resetPassword',
    method: 'post',
    path: '/auth/reset-password',
    summary: 'Set a new password with the mailed token',
    caller: 'token',
    body: z.object({ token: z.string().min(1).max(512), new_password: NewPassword }),
    status: 204,
    errors: [InvalidResetToken, UserNotFound],
    idempotency: false,
  },
  {
    async prepare({ body, knex, limit }) {
      // Nobody makes the service hash passwords without a good token, nor with one more often than a person would.
      const userId = await resetTokenOwner(knex, tokenHash(body.token));
      if (userId === undefined) throw InvalidResetToken();
      await limit('password_change', `reset of user ${userId}`);
      await requireOrganizationPolicies(knex, userId, body.new_password);
      return { passwordHash: await hashPassword(body.new_password) };
    },
    async handle({ body, prepared, request, db, emit, mail, afterCommit, clearLimit }) {
      const userId = await spendResetToken(db, tokenHash(body.token));
      if (userId === undefined) throw InvalidResetToken();
      const account = await accountById(db, userId);
      if (!account || account.disabled_at) throw UserNotFound();

      // The link went to the address, and goes with it.
      await setPassword(db, userId, prepared.passwordHash, await addressMadeIn(db, userId));
      await clearResetTokens(db, userId);
      await emit(passwordReset, {
        aggregateId: userId,
        organizationId: null,
        userId,
        data: { user_id: userId },
      });
      await endSessions({ db, emit }, { userId }, 'password_reset');
      await revokeDevices({ db, emit }, { userId }, 'password_reset');
      await mail.send(db, passwordChangedMail({ to: account.email, displayName: account.display_name }));
      // Whoever guessed at the old password keeps the owner of the mailbox out no longer.
      afterCommit(async () => {
        await clearLimit('password_change', `reset of user ${userId}`);
        await clearTries(clearLimit, { email: account.email, ip: request.ip });
      });
    },
  },
);
