import type { Emit } from '@rivergate/endpoint';
import { passkeyDeleted } from '@rivergate/events';
import type { Mailer } from '@rivergate/mail';
import type { Knex } from 'knex';
import type { Account } from '../accounts/account-store.ts';
import { passkeyDeletedMail } from './passkey-mails.ts';
import { deletePasskeysOf } from './passkey-store.ts';

/** Deletes passkeys of a user for good, and mails that. @returns how many there were */
export async function withdrawPasskeys(
  { db, emit, mail }: { db: Knex.Transaction; emit: Emit; mail: Mailer },
  { id: userId, email: to, display_name: displayName }: Pick<Account, 'id' | 'email' | 'display_name'>,
  which: Parameters<typeof deletePasskeysOf>[2],
): Promise<number> {
  const deleted = await deletePasskeysOf(db, userId, which);
  for (const { id, device_name } of deleted) {
    await emit(passkeyDeleted, {
      aggregateId: id,
      organizationId: null,
      userId,
      data: { passkey_id: id, user_id: userId, device_name },
    });
    await mail.send(db, passkeyDeletedMail({ to, displayName, deviceName: device_name }));
  }
  return deleted.length;
}
