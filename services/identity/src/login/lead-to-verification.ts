import { type Emit, Failure, RateLimited } from '@rivergate/endpoint';
import { oneTimeToken, tokenHash } from '@rivergate/secrets';
import type { Knex } from 'knex';
import { type Account, lockAccount } from '../accounts/account-store.ts';
import type { IdentityTools } from '../endpoint.ts';
import { rememberChoice, replaceTemporaryToken } from '../signup/address-verification-store.ts';
import { startVerification } from '../signup/start-verification.ts';
import { InvalidCredentials } from './login-errors.ts';

type Tools = Pick<IdentityTools, 'mail' | 'secretBox' | 'settings'> & {
  db: Knex.Transaction;
  emit: Emit;
  limit(limitClass: 'signup_code' | 'signup_code_daily', key: string): Promise<void>;
};

/**
 * The password is right but the mailbox is not proved: a temporary token leads to the verification. A new code is
 * mailed while there are any left for the address; else the last one counts on.
 */
export async function leadToVerification(tools: Tools, account: Account, rememberMe: boolean) {
  const { db } = tools;
  if (!(await lockAccount(db, account.id))) throw InvalidCredentials();
  const temporaryToken = await startVerification(tools, account).catch(async cause => {
    if (!(cause instanceof Failure) || cause.code !== RateLimited.code) throw cause;
    const token = oneTimeToken();
    await replaceTemporaryToken(db, account.id, tokenHash(token));
    return token;
  });
  await rememberChoice(db, account.id, rememberMe);
  return {
    temporary_token: temporaryToken,
    email_verification_required: true as const,
    message: 'Verify your address first: a code is in your mail',
  };
}
