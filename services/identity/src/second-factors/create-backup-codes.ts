import { backupCodesReplaced } from '@rivergate/events';
import { z } from 'zod';
import { CallerNotFound } from '../accounts/errors.ts';
import { endpoint } from '../endpoint.ts';
import { dashed, newBackupCodes, replaceBackupCodes } from './backup-code-store.ts';
import { lockCaller } from './lock-caller.ts';
import { BackupCodes, MfaNotEnabled } from './method.ts';
import { methodsOf } from './methods.ts';
import { changeNotice } from './second-factor-mails.ts';

export const createBackupCodes = endpoint(
  {
    operation: 'createBackupCodes',
    method: 'post',
    path: '/mfa/backup-codes',
    summary: 'Generate a new set of ten backup codes',
    description: 'The set before is worthless from then on.',
    caller: 'user',
    session: true,
    fresh: true,
    beforeEnrolment: true,
    answer: z.object({ backup_codes: BackupCodes }),
    status: 201,
    message: 'Keep these codes in a safe place; they are not shown again',
    messageInData: true,
    errors: [MfaNotEnabled, CallerNotFound],
    idempotency: { seconds: 60, randomKey: true },
  },
  {
    prepare: ({ caller, limit }) => limit('second_factor_setup', `backup codes of user ${caller.userId}`),
    async handle({ caller, db, emit, mail, secretBox }) {
      const { userId } = caller;
      const account = await lockCaller(db, caller);
      if ((await methodsOf(db, userId)).length === 0) throw MfaNotEnabled();
      const codes = newBackupCodes();
      await replaceBackupCodes(db, secretBox, caller, codes);
      await emit(backupCodesReplaced, {
        aggregateId: userId,
        organizationId: null,
        data: { user_id: userId },
      });
      await mail.send(db, changeNotice(account, 'new backup codes were made; those before are worthless'));
      return { backup_codes: dashed(codes) };
    },
  },
);
