import type { Emit } from '@rivergate/endpoint';
import { secondFactorEnabled, sessionChanged } from '@rivergate/events';
import type { Knex } from 'knex';
import type { Account } from '../accounts/account-store.ts';
import type { IdentityTools } from '../endpoint.ts';
import { mfaRequiredFrom } from '../organizations/policy-store.ts';
import { activeSessions } from '../sessions/session-store.ts';
import { dashed, replaceBackupCodes } from './backup-code-store.ts';
import type { Method } from './method.ts';
import { changeNotice } from './second-factor-mails.ts';
import { forgetTries } from './setup-tries.ts';

type Tools = Pick<IdentityTools, 'mail' | 'secretBox'> & {
  db: Knex.Transaction;
  emit: Emit;
  caller: { userId: number; sessionId: number };
};

/** A setup was confirmed: its backup codes take the place of those before, and the owner is told. */
export async function confirmSetup(
  { db, emit, mail, secretBox, caller }: Tools,
  account: Account,
  method: Method,
  { codes, device }: { codes: readonly string[]; device: { id: number; device_name: string } | null },
) {
  await forgetTries(db, account.id, method);
  await replaceBackupCodes(db, secretBox, caller, codes);
  await emit(secondFactorEnabled, {
    aggregateId: account.id,
    organizationId: null,
    data: {
      user_id: account.id,
      method,
      device_id: device?.id ?? null,
      device_name: device?.device_name ?? null,
    },
  });
  if (await mfaRequiredFrom(db, account.id)) {
    // What was closed to them until now is open with the next request.
    for (const { id } of await activeSessions(db, account.id, null)) {
      const data = { session_id: id, user_id: account.id };
      await emit(sessionChanged, { aggregateId: id, organizationId: null, data });
    }
  }
  const change = device
    ? `the authenticator "${device.device_name}" was added: logins ask for its codes from now on`
    : 'codes by mail were turned on: logins ask for one from now on';
  await mail.send(db, changeNotice(account, change));
  return { success: true as const, backup_codes: dashed(codes) };
}
