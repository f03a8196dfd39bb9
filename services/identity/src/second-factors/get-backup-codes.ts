import { Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { backupCodesOf } from './backup-code-store.ts';

export const getBackupCodes = endpoint(
  {
    operation: 'getBackupCodes',
    method: 'get',
    path: '/mfa/backup-codes',
    summary: 'How many backup codes are left, and when they were made',
    description: 'Never the codes themselves.',
    caller: 'user',
    beforeEnrolment: true,
    answer: z.object({
      codes_left: z.int(),
      created_at: Timestamp.nullable().meta({ description: 'Null where there is no set' }),
    }),
  },
  async ({ caller, db }) => {
    const { left, createdAt } = await backupCodesOf(db, caller.userId);
    return { codes_left: left, created_at: createdAt };
  },
);
