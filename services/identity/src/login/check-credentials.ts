import { countedAddress } from '@rivergate/caller';
import { Failure } from '@rivergate/endpoint';
import { decoyPasswordHash, verifyPassword } from '@rivergate/secrets';
import { type Account, accountByEmail } from '../accounts/account-store.ts';
import type { IdentityTools } from '../endpoint.ts';
import { addressesOfSessions } from '../sessions/session-store.ts';

/** Why a login was refused; the words are those of the login history. */
export type Refusal = 'rate_limited' | 'invalid_password' | 'account_disabled' | 'ip_not_allowed';

export type Credentials =
  | { state: 'refused'; reason: Refusal; account: Account | undefined; failure?: Failure }
  | { state: 'unverified'; account: Account }
  | { state: 'right'; account: Account };

type LoginClass = 'login_address' | 'login_address_hourly' | 'login_address_daily';
type Limit = (limitClass: LoginClass, key: string) => Promise<void>;
type Tools = Pick<IdentityTools, 'knex'> & { limit: Limit };
interface Given {
  email: string;
  password: string;
  ip: string | null;
}

/** What limits count for an address from one network. */
export const networkKey = (email: string, ip: string | null) => `address ${email} from ${networkOf(ip)}`;
const addressKey = (email: string) => `address ${email}`;
export const networkOf = (ip: string | null) => (ip === null ? 'nowhere' : countedAddress(ip));

/**
 * Counts the try of a login, of whichever kind.
 *
 * @returns which bounds it is beyond: the one from here, and the one from all networks together
 */
export async function countTry(
  limit: Limit,
  { email, ip }: Pick<Given, 'email' | 'ip'>,
): Promise<{ here: Failure | undefined; overall: Failure | undefined }> {
  const [here, hourly, daily] = await Promise.all([
    refusalOf(limit('login_address', networkKey(email, ip))),
    refusalOf(limit('login_address_hourly', addressKey(email))),
    refusalOf(limit('login_address_daily', addressKey(email))),
  ]);
  return { here, overall: daily ?? hourly };
}

/**
 * Counts the try, then compares the password. Known and unknown addresses cost the same: one look at the tables, and
 * one Argon2id against the account's hash or against one that nothing matches.
 *
 * Beyond the bound over all networks the right password counts only where the account was used before. Every other
 * answer is the same there, after the same work, whether or not the password is right.
 */
export async function checkCredentials(
  { knex, limit }: Tools,
  { email, password, ip }: Given,
): Promise<Credentials> {
  const [{ here, overall }, account] = await Promise.all([
    countTry(limit, { email, ip }),
    accountByEmail(knex, email),
  ]);
  if (here) return { state: 'refused', reason: 'rate_limited', account, failure: here };
  const usual = overall === undefined || (await isUsual(knex, account?.id ?? 0, ip));

  const hash = account?.password_hash ?? (await decoyPasswordHash());
  const matches = await verifyPassword(hash, password);
  const right = account?.password_hash && matches ? account : undefined;
  if (overall && !(right && usual))
    return { state: 'refused', reason: 'rate_limited', account, failure: overall };
  if (!right) return { state: 'refused', reason: 'invalid_password', account };
  if (!right.verified_at) return { state: 'unverified', account: right };
  if (right.disabled_at) return { state: 'refused', reason: 'account_disabled', account: right };
  return { state: 'right', account: right };
}

type Clear = (limitClass: LoginClass, key: string) => Promise<void>;

/** Forgets the tries for an address from the network where a login was completed. */
export function clearTriesHere(clear: Clear, { email, ip }: Pick<Given, 'email' | 'ip'>): Promise<void> {
  return clear('login_address', networkKey(email, ip));
}

/** Forgets the tries for an address, from here and from all networks together: its password is another now. */
export async function clearTries(clear: Clear, given: Pick<Given, 'email' | 'ip'>): Promise<void> {
  await clearTriesHere(clear, given);
  await clear('login_address_hourly', addressKey(given.email));
  await clear('login_address_daily', addressKey(given.email));
}

/** Whether the account had a session in the network of late. */
async function isUsual(knex: IdentityTools['knex'], userId: number, ip: string | null): Promise<boolean> {
  const used = await addressesOfSessions(knex, userId);
  return used.some(address => networkOf(address) === networkOf(ip));
}

async function refusalOf(limiting: Promise<void>): Promise<Failure | undefined> {
  try {
    await limiting;
    return undefined;
  } catch (cause) {
    if (cause instanceof Failure) return cause;
    throw cause;
  }
}
