import { EmailTaken, NotManaged, changeManagedAccount as spec, UserNotFound } from '@rivergate/contracts';
import type { Emit } from '@rivergate/endpoint';
import { emailChanged, managedPasswordSet, userProfileChanged } from '@rivergate/events';
import type { Mailer } from '@rivergate/mail';
import { hashPassword } from '@rivergate/secrets';
import type { Knex } from 'knex';
import {
  type Account,
  accountById,
  lockAddress,
  makePrimary,
  ownerOf,
  setPassword,
} from '../accounts/account-store.ts';
import { requirePolicy, requirePolicyOf } from '../accounts/password-policy.ts';
import { removeUnverified } from '../accounts/remove-unverified.ts';
import { addressChangedMail } from '../email-change/email-change-mails.ts';
import { dropEmailChange } from '../email-change/email-change-store.ts';
import { endpoint } from '../endpoint.ts';
import { passwordChangedMail } from '../password/password-mails.ts';
import { clearResetTokens } from '../password/password-reset-store.ts';
import { saveProfile } from '../profile/profile-store.ts';
import { endSessions } from '../sessions/end-sessions.ts';
import { revokeDevices } from '../trusted-devices/revoke-devices.ts';
import { isManagedBy, lockedManagedRow } from './managed-account-store.ts';

interface Tools {
  db: Knex.Transaction;
  emit: Emit;
  mail: Mailer;
}

/** Asked by organization, which knows whether the user belongs to others and whose the domain of the address is. */
export const changeManagedAccount = endpoint(spec, {
  async prepare({ params, body, knex }) {
    if (body.password === undefined) return { passwordHash: undefined };
    requirePolicy(body.password);
    await requirePolicyOf(knex, params.organization_id, body.password);
    return { passwordHash: await hashPassword(body.password) };
  },
  async handle({ params, body, prepared, db, emit, mail }) {
    const { organization_id: organizationId, user_id: userId } = params;
    const tools = { db, emit, mail };
    // In the order of a signup: first the address, then the account.
    if (body.email !== undefined) await lockAddress(db, body.email);
    const row = await lockedManagedRow(db, userId);
    if (!row) throw UserNotFound();
    if (!isManagedBy(row, organizationId) || row.verified_at === null || row.disabled_at !== null)
      throw NotManaged();
    const account = (await accountById(db, userId))!;

    if (body.display_name !== undefined && body.display_name !== account.display_name)
      await rename(tools, account, organizationId, body.display_name);
    if (body.email !== undefined && body.email !== account.email)
      await readdress(tools, account, organizationId, body.email);
    if (prepared.passwordHash !== undefined)
      await replacePassword(tools, account, organizationId, prepared.passwordHash);
    const { email, display_name } = (await accountById(db, userId))!;
    return { email, display_name };
  },
});

async function rename(
  { db, emit }: Tools,
  { id }: Account,
  organizationId: number,
  name: string,
): Promise<void> {
  const { display_name, profile_image_url } = await saveProfile(db, id, { display_name: name });
  const data = { user_id: id, fields: ['display_name'], display_name, profile_image_url };
  await emit(userProfileChanged, { aggregateId: id, organizationId, data });
}

/** @throws EmailTaken */
async function readdress(
  { db, emit, mail }: Tools,
  { id, email, display_name: displayName }: Account,
  organizationId: number,
  newEmail: string,
): Promise<void> {
  const owner = await ownerOf(db, newEmail);
  if (owner && owner.id !== id) {
    // The organization vouches for the address against whoever has not verified it.
    const freed = !owner.verified && (await removeUnverified({ db, emit }, owner.id, 'claimed_by_mailbox'));
    if (!freed) throw EmailTaken();
  }
  await makePrimary(db, id, newEmail);
  await dropEmailChange(db, id);
  await clearResetTokens(db, id);
  const data = { user_id: id, old_email: email, new_email: newEmail };
  await emit(emailChanged, { aggregateId: id, organizationId, data });
  await mail.send(db, addressChangedMail({ to: email, displayName, newEmail }));
}

async function replacePassword(
  { db, emit, mail }: Tools,
  { id, display_name: displayName }: Account,
  organizationId: number,
  passwordHash: string,
): Promise<void> {
  await setPassword(db, id, passwordHash);
  await clearResetTokens(db, id);
  const data = { user_id: id, organization_id: organizationId };
  await emit(managedPasswordSet, { aggregateId: id, organizationId, data });
  await endSessions({ db, emit }, { userId: id }, 'password_changed', organizationId);
  await revokeDevices({ db, emit }, { userId: id }, 'password_changed', organizationId);
  const { email } = (await accountById(db, id))!;
  await mail.send(db, passwordChangedMail({ to: email, displayName }));
}
