import { type Emit, error } from '@rivergate/endpoint';
import { userProfileChanged } from '@rivergate/events';
import type { Knex } from 'knex';
import { CallerNotFound } from '../accounts/errors.ts';
import { lockedProfileOf, type ProfileChange, type ProfileRow, saveProfile } from './profile-store.ts';

export const ProfileUpdateFailed = error('PROFILE_UPDATE_FAILED', 400, 'The profile could not be changed');

/**
 * Changes a profile and tells of it; of two changes at once, the second sees the first.
 *
 * @param fields that are changed, as an audit entry names them
 * @throws CallerNotFound
 */
export async function changeProfile(
  { db, emit }: { db: Knex.Transaction; emit: Emit },
  userId: number,
  fields: string[],
  changeOf: (stored: ProfileRow) => Promise<ProfileChange>,
): Promise<ProfileRow> {
  const stored = await lockedProfileOf(db, userId);
  if (!stored || stored.disabled_at) throw CallerNotFound();
  const saved = await saveProfile(db, userId, await changeOf(stored));
  const { display_name, profile_image_url } = saved;
  await emit(userProfileChanged, {
    aggregateId: userId,
    organizationId: null,
    data: { user_id: userId, fields, display_name, profile_image_url },
  });
  return saved;
}
