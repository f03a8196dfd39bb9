import type { Emit } from '@rivergate/endpoint';
import { backupCodeUsed } from '@rivergate/events';
import { equal } from '@rivergate/secrets';
import type { Knex } from 'knex';
import type { IdentityTools } from '../endpoint.ts';
import { spendBackupCode } from '../second-factors/backup-code-store.ts';
import type { Method } from '../second-factors/method.ts';
import { noteEmailUsed } from '../second-factors/methods.ts';
import { acceptTotpCode } from '../second-factors/totp-device-store.ts';
import type { PendingLogin } from './pending-login-store.ts';
import { loginCodeContext } from './second-factor.ts';

type Tools = Pick<IdentityTools, 'secretBox'> & { db: Knex.Transaction; emit: Emit };

/**
 * Takes the right code, or backup code, for a login; it is spent by that.
 *
 * @returns the session in which was made what gives the code, where that is known; undefined for a wrong one
 */
export async function acceptSecondFactor(
  { db, emit, secretBox }: Tools,
  login: Pick<PendingLogin, 'id' | 'user_id' | 'code_hash'> & { method: Method },
  given: { code?: string | undefined; backup_code?: string | undefined },
): Promise<{ session_id: number | null } | undefined> {
  const userId = login.user_id;
  if (given.backup_code !== undefined) {
    const spent = await spendBackupCode(db, secretBox, userId, given.backup_code);
    if (!spent) return undefined;
    await emit(backupCodeUsed, {
      aggregateId: userId,
      organizationId: null,
      userId,
      data: { user_id: userId, left: spent.left },
    });
    return spent;
  }
  const code = given.code!;
  if (login.method === 'totp') return acceptTotpCode(db, secretBox, userId, code);
  // The code dies with the login, which it completes.
  if (!login.code_hash || !equal(secretBox.codeHash(code, loginCodeContext(login.id)), login.code_hash))
    return undefined;
  return noteEmailUsed(db, userId);
}
