import { Failure } from '@rivergate/endpoint';
import { decoyPasswordHash, verifyPassword } from '@rivergate/secrets';
import { type Account, accountByEmail } from '../accounts/account-store.ts';
import type { IdentityTools } from '../endpoint.ts';

/** Why a login was refused; the words are those of the login history. */
export type Refusal = 'rate_limited' | 'invalid_password' | 'account_disabled';

export type Credentials =
  | { state: 'refused'; reason: Refusal; account: Account | undefined; failure?: Failure }
  | { state: 'unverified'; account: Account }
  | { state: 'right'; account: Account };

/** Key under which the tries for an address are counted. */
export const loginKey = (email: string) => `address ${email}`;

type Tools = Pick<IdentityTools, 'knex'> & { limit(limitClass: 'login', key: string): Promise<void> };

/**
 * Counts the try, then compares the password. Known and unknown addresses cost the same: one look at the table, and
 * one Argon2id against the account's hash or against one that nothing matches.
 */
export async function checkCredentials(
  { knex, limit }: Tools,
  email: string,
  password: string,
): Promise<Credentials> {
  const [limited, account] = await Promise.all([limitFailure(limit, email), accountByEmail(knex, email)]);
  if (limited) return { state: 'refused', reason: 'rate_limited', account, failure: limited };

  const hash = account?.password_hash ?? (await decoyPasswordHash());
  const matches = await verifyPassword(hash, password);
  if (!account?.password_hash || !matches) return { state: 'refused', reason: 'invalid_password', account };
  if (!account.verified_at) return { state: 'unverified', account };
  if (account.disabled_at) return { state: 'refused', reason: 'account_disabled', account };
  return { state: 'right', account };
}

async function limitFailure(limit: Tools['limit'], email: string): Promise<Failure | undefined> {
  try {
    await limit('login', loginKey(email));
    return undefined;
  } catch (cause) {
    if (cause instanceof Failure) return cause;
    throw cause;
  }
}
