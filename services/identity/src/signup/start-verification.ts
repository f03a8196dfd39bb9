import { type Emit, Failure } from '@rivergate/endpoint';
import { signupCodeSent } from '@rivergate/events';
import { oneTimeCode, oneTimeToken, tokenHash } from '@rivergate/secrets';
import type { Knex } from 'knex';
import type { Account } from '../accounts/account-store.ts';
import type { IdentityTools } from '../endpoint.ts';
import { replaceSecrets } from './address-verification-store.ts';
import { verificationMail } from './verification-mail.ts';

/** What a verification code is bound to when it is hashed. */
export const codeContext = (userId: number) => `address verification ${userId}`;

type Tools = Pick<IdentityTools, 'mail' | 'secretBox' | 'settings'> & { db: Knex.Transaction; emit: Emit };

/**
 * Mails a fresh code and link; the ones before them die.
 *
 * @returns the temporary token that goes with the code; null where nobody waits for one
 */
export async function startVerification<Waits extends boolean>(
  { db, emit, mail, secretBox, settings }: Tools,
  account: Pick<Account, 'id' | 'email' | 'display_name'>,
  callerWaits: Waits,
): Promise<Waits extends true ? string : null> {
  const code = oneTimeCode();
  const link = oneTimeToken();
  const temporaryToken = callerWaits ? oneTimeToken() : null;
  await replaceSecrets(db, account.id, {
    codeHash: secretBox.codeHash(code, codeContext(account.id)),
    linkHash: tokenHash(link),
    linkSeconds: settings.emailLinkSeconds,
    temporaryTokenHash: temporaryToken && tokenHash(temporaryToken),
  });
  await mail.send(
    db,
    verificationMail({
      to: account.email,
      displayName: account.display_name,
      code,
      link: `${settings.appUrl}/verify-email?token=${link}`,
      linkMinutes: Math.round(settings.emailLinkSeconds / 60),
    }),
  );
  await emit(signupCodeSent, {
    aggregateId: account.id,
    organizationId: null,
    userId: account.id,
    data: { user_id: account.id },
  });
  return temporaryToken as Waits extends true ? string : null;
}

/** Key under which the codes that an address is sent are counted. */
const addressKey = (email: string) => `address ${email}`;

type Limit = (limitClass: 'signup_code' | 'signup_code_daily', key: string) => Promise<void>;

/** Counts one more code for the address. @throws RateLimited: 3 in 5 minutes, 20 a day */
export async function countCode(limit: Limit, email: string): Promise<void> {
  await limit('signup_code', addressKey(email));
  await limit('signup_code_daily', addressKey(email));
}

/** The same where no code is no failure: a login goes on without a new one. */
export async function mayHaveCode(limit: Limit, email: string): Promise<boolean> {
  try {
    await countCode(limit, email);
    return true;
  } catch (cause) {
    if (cause instanceof Failure) return false;
    throw cause;
  }
}
