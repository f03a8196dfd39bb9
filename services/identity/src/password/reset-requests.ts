import type { Log } from '@rivergate/endpoint';
import { emit, passwordResetRequested } from '@rivergate/events';
import type { Mailer } from '@rivergate/mail';
import { oneTimeToken, tokenHash } from '@rivergate/secrets';
import type { Knex } from 'knex';
import { accountByEmail } from '../accounts/account-store.ts';
import type { Settings } from '../settings.ts';
import { resetMail } from './password-mails.ts';
import {
  dropResetRequest,
  nextResetRequest,
  type ResetRequest,
  replaceResetToken,
} from './password-reset-store.ts';

/** Processes, after the answer, what forgot-password noted. */
export interface ResetRequests {
  /** Has everything that was noted so far processed soon. */
  processSoon(): void;
  /** Processes everything that waits, also what a crash has left. */
  processAll(): Promise<void>;
  /** Resolves when nothing is being processed any more. */
  settled(): Promise<void>;
}

type Tools = { knex: Knex; mail: Mailer; settings: Settings };

export function resetRequests(tools: Tools & { log: Log }): ResetRequests {
  let processing = Promise.resolve();

  async function processAll(): Promise<void> {
    while (await processOne(tools)) {
      // One transaction a request.
    }
  }

  return {
    processAll,
    processSoon() {
      processing = processing.then(processAll).catch(cause => {
        tools.log.error({ err: cause }, 'Password reset requests wait for the next run');
      });
    },
    settled: () => processing,
  };
}

function processOne({ knex, mail, settings }: Tools): Promise<boolean> {
  return knex.transaction(async db => {
    const request = await nextResetRequest(db);
    if (!request) return false;
    await dropResetRequest(db, request.id);
    const account = await accountByEmail(db, request.email);
    if (!account?.verified_at || account.disabled_at) return true;

    const token = oneTimeToken();
    await replaceResetToken(db, account.id, tokenHash(token));
    const link = `${settings.appUrl}/reset-password?token=${token}`;
    await mail.send(db, resetMail({ to: account.email, displayName: account.display_name, link }));
    await emit(db, passwordResetRequested, {
      aggregateId: account.id,
      actor: actorOf(account.id, request),
      data: { user_id: account.id },
    });
    return true;
  });
}

/** Nobody was signed in; the audit entry is the account's, with the address from which it was asked. */
const actorOf = (userId: number, request: ResetRequest) => ({
  userId,
  ip: request.ip_address,
  userAgent: request.user_agent,
  requestId: request.request_id,
  traceparent: null,
});
