import { emit, serviceActor } from '@rivergate/events';
import type { Knex } from 'knex';
import { lockAccount, lockAddress } from '../accounts/account-store.ts';
import { removeUnverified } from '../accounts/remove-unverified.ts';
import { overdueRegistrations } from './address-verification-store.ts';

const AT_ONCE = 100;

/** Removes accounts that nobody verified within a day. */
export async function purgeUnverified(knex: Knex): Promise<void> {
  let found: { id: number; email: string }[];
  do {
    found = await overdueRegistrations(knex).limit(AT_ONCE);
    for (const { id, email } of found) {
      await knex.transaction(async db => {
        // As a registration does, so that one for the same address waits until the account is gone.
        await lockAddress(db, email);
        await lockAccount(db, id);
        // Read again under the lock: it may have been verified, or sent another code, meanwhile.
        if (!(await overdueRegistrations(db).where('users.id', id).first())) return;
        const emitAsService: Parameters<typeof removeUnverified>[0]['emit'] = (declaration, fact) =>
          emit(db, declaration, { ...fact, actor: serviceActor('identity') });
        await removeUnverified({ db, emit: emitAsService }, id, 'never_verified');
      });
    }
  } while (found.length === AT_ONCE);
}
