import type { Emit } from '@rivergate/endpoint';
import { signupCodeSent } from '@rivergate/events';
import { oneTimeCode, oneTimeToken, tokenHash } from '@rivergate/secrets';
import type { Knex } from 'knex';
import type { Account } from '../accounts/account-store.ts';
import type { IdentityTools } from '../endpoint.ts';
import { replaceSecrets } from './address-verification-store.ts';
import { verificationMail } from './verification-mail.ts';

/** What a verification code is bound to when it is hashed. */
export const codeContext = (userId: number) => `address verification ${userId}`;

type Tools = Pick<IdentityTools, 'mail' | 'secretBox' | 'settings'> & {
  db: Knex.Transaction;
  emit: Emit;
  limit(limitClass: 'signup_code' | 'signup_code_daily', key: string): Promise<void>;
};

/**
 * Mails a fresh code and link; the ones before them become invalid. Every code is counted against its address here,
 * whichever way it was asked for.
 *
 * @returns the temporary token that goes with code and link, for who proved to be the registrant
 * @throws RateLimited, before anything is written: 3 codes in 5 minutes, 20 a day for the address
 */
export async function startVerification(
  { db, emit, limit, mail, secretBox, settings }: Tools,
  account: Pick<Account, 'id' | 'email' | 'display_name'>,
): Promise<string> {
  await limit('signup_code', `address ${account.email}`);
  await limit('signup_code_daily', `address ${account.email}`);
  const code = oneTimeCode();
  const link = oneTimeToken();
  const temporaryToken = oneTimeToken();
  await replaceSecrets(db, account.id, {
    codeHash: secretBox.codeHash(code, codeContext(account.id)),
    linkHash: tokenHash(link),
    linkSeconds: settings.emailLinkSeconds,
    temporaryTokenHash: tokenHash(temporaryToken),
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
  return temporaryToken;
}
