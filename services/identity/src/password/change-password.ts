import { error } from '@rivergate/endpoint';
import { passwordChanged, passwordChangeFailed } from '@rivergate/events';
import { hashPassword, verifyPassword } from '@rivergate/secrets';
import { z } from 'zod';
import { accountById, replacePassword } from '../accounts/account-store.ts';
import { CallerNotFound } from '../accounts/errors.ts';
import { KnownPassword, NewPassword, requireOrganizationPolicies } from '../accounts/password-policy.ts';
import { endpoint } from '../endpoint.ts';
import { endSessions } from '../sessions/end-sessions.ts';
import { revokeDevices } from '../trusted-devices/revoke-devices.ts';
import { passwordChangedMail } from './password-mails.ts';
import { clearResetTokens } from './password-reset-store.ts';

export const InvalidCurrentPassword = error('INVALID_CURRENT_PASSWORD', 400, 'The current password is wrong');
export const ChangePasswordFailed = error(
  'CHANGE_PASSWORD_FAILED',
  400,
  'The new password must differ from the current one',
);

const triesOf = (userId: number) => `user ${userId}`;

export const changePassword = endpoint(
  {
    operation: 'changePassword',
    method: 'post',
    path: '/auth/change-password',
    summary: 'Change the password',
    description: 'Every session ends, the calling one included, and no device is trusted any more.',
    caller: 'user',
    session: true,
    body: z.object({ current_password: KnownPassword, new_password: NewPassword }),
    message: 'Password changed; log in again',
    messageInData: true,
    errors: [InvalidCurrentPassword, ChangePasswordFailed, CallerNotFound],
    idempotency: false,
  },
  {
    async prepare({ body, caller, knex, limit }) {
      const { userId } = caller;
      const account = await accountById(knex, userId);
      if (!account || account.disabled_at) throw CallerNotFound();
      if (!account.password_hash)
        throw ChangePasswordFailed('This account has no password yet; use forgot-password');

      await requireOrganizationPolicies(knex, userId, body.new_password);

      // Counted before the comparison, so that tries side by side do not slip through. Whatever costs a hash stays
      // counted, until the password has changed.
      await limit('password_change', triesOf(userId));
      if (!(await verifyPassword(account.password_hash, body.current_password)))
        return { account, wrong: true as const };
      if (body.new_password === body.current_password) throw ChangePasswordFailed();
      const newHash = await hashPassword(body.new_password);
      return { account, wrong: false as const, currentHash: account.password_hash, newHash };
    },
    async handle({ caller, prepared, db, emit, mail, afterCommit, clearLimit }) {
      const { account } = prepared;
      if (prepared.wrong || !(await replacePassword(db, caller, prepared.currentHash, prepared.newHash))) {
        await emit(passwordChangeFailed, {
          aggregateId: account.id,
          organizationId: null,
          data: { user_id: account.id },
        });
        return InvalidCurrentPassword();
      }
      await clearResetTokens(db, account.id);
      await emit(passwordChanged, {
        aggregateId: account.id,
        organizationId: null,
        data: { user_id: account.id },
      });
      await endSessions({ db, emit }, { userId: account.id }, 'password_changed');
      await revokeDevices({ db, emit }, { userId: account.id }, 'password_changed');
      await mail.send(db, passwordChangedMail({ to: account.email, displayName: account.display_name }));
      afterCommit(() => clearLimit('password_change', triesOf(account.id)));
    },
  },
);
