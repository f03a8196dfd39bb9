import { EmailAddress, error } from '@rivergate/endpoint';
import { emailChangeRequested } from '@rivergate/events';
import { oneTimeCode } from '@rivergate/secrets';
import { z } from 'zod';
import { accountById, ownerOf } from '../accounts/account-store.ts';
import { CallerNotFound } from '../accounts/errors.ts';
import { endpoint } from '../endpoint.ts';
import { changeCodeMail } from './email-change-mails.ts';
import { replaceEmailChange } from './email-change-store.ts';

export const EmailUpdateRequestFailed = error(
  'EMAIL_UPDATE_REQUEST_FAILED',
  400,
  'This is your address already',
);
export const EmailAlreadyTaken = error(
  'EMAIL_ALREADY_TAKEN',
  400,
  'This address belongs to another user already',
);

/** What a code is bound to when it is hashed. */
export const codeContext = (userId: number, newEmail: string) => `email change ${userId} ${newEmail}`;

export const requestEmailChange = endpoint(
  {
    operation: 'requestEmailChange',
    method: 'post',
    path: '/auth/me/email/request',
    summary: 'Start an email change',
    description:
      'Mails a code to the new address. A new request replaces the pending one; neither reserves it.',
    caller: 'user',
    session: true,
    fresh: true,
    body: z.object({ new_email: EmailAddress }),
    answer: z.object({ new_email: EmailAddress }),
    message: 'A code is on its way to the new address',
    messageInData: true,
    errors: [EmailUpdateRequestFailed, EmailAlreadyTaken, CallerNotFound],
  },
  {
    // Before the answer tells whether an address is taken.
    prepare: ({ caller, limit }) => limit('email_change', `user ${caller.userId}`),
    async handle({ body, caller, db, emit, limit, mail, secretBox }) {
      const { userId } = caller;
      const { new_email: newEmail } = body;
      const account = await accountById(db, userId);
      if (!account || account.disabled_at) throw CallerNotFound();
      if (account.email === newEmail) throw EmailUpdateRequestFailed();
      const owner = await ownerOf(db, newEmail);
      if (owner?.verified && owner.id !== userId) throw EmailAlreadyTaken();
      // Whoever asks: nobody's mailbox is flooded, and codes for it can be guessed at no more often than that.
      await limit('email_change', `address ${newEmail}`);
      await limit('email_change_daily', `address ${newEmail}`);

      const code = oneTimeCode();
      const codeHash = secretBox.codeHash(code, codeContext(userId, newEmail));
      await replaceEmailChange(db, userId, { newEmail, codeHash });
      await mail.send(db, changeCodeMail({ to: newEmail, displayName: account.display_name, code }));
      await emit(emailChangeRequested, {
        aggregateId: userId,
        organizationId: null,
        data: { user_id: userId, new_email_hash: secretBox.codeHash(newEmail, 'email change') },
      });
      return { new_email: newEmail };
    },
  },
);
