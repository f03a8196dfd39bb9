import type { Knex } from 'knex';
import type { Account } from '../accounts/account-store.ts';
import { countPasskeys } from '../passkeys/passkey-store.ts';
import type { Method } from '../second-factors/method.ts';
import { methodsOf } from '../second-factors/methods.ts';

/**
 * What an account is asked for beside its password, or in place of one that it has not: its second factors. Without any it is
 * a code by mail where a passkey could be lost, or where there is no password.
 */
export async function stepUpFactors(
  db: Knex,
  { id, password_hash }: Pick<Account, 'id' | 'password_hash'>,
): Promise<Method[]> {
  const methods = await methodsOf(db, id);
  if (methods.length > 0) return methods;
  return password_hash === null || (await countPasskeys(db, id)) > 0 ? ['email_otp'] : [];
}
