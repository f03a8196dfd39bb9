import type { Knex } from 'knex';
import type { JsonObject } from './merge-profile.ts';

/** A user as the owner sees it. */
export interface ProfileRow {
  id: number;
  display_name: string;
  profile_image_url: string | null;
  profile: JsonObject;
  user_metadata: JsonObject;
  is_system_admin: boolean;
  created_at: Date;
  updated_at: Date;
  disabled_at: Date | null;
}

export interface AddressRow {
  email: string;
  verified: boolean;
  is_primary: boolean;
  created_at: Date;
}

const COLUMNS = [
  'id',
  'display_name',
  'profile_image_url',
  'profile',
  'user_metadata',
  'is_system_admin',
  'created_at',
  'updated_at',
  'disabled_at',
];

export function profileOf(db: Knex, userId: number): Promise<ProfileRow | undefined> {
  return db('users').where({ id: userId }).first(COLUMNS);
}

/** The same, locked: two merges into one document happen one after the other. */
export function lockedProfileOf(db: Knex.Transaction, userId: number): Promise<ProfileRow | undefined> {
  return db('users').where({ id: userId }).forUpdate().first(COLUMNS);
}

/** The primary address first. */
export function addressesOf(db: Knex, userId: number): Promise<AddressRow[]> {
  return db('email_addresses')
    .where({ user_id: userId })
    .select('email', db.raw('verified_at is not null as verified'), 'is_primary', 'created_at')
    .orderByRaw('is_primary desc, id');
}

export interface ProfileChange {
  display_name?: string;
  profile_image_url?: string | null;
  profile?: JsonObject;
}

export async function saveProfile(db: Knex, userId: number, change: ProfileChange): Promise<ProfileRow> {
  const { profile, ...columns } = change;
  const [row] = await db('users')
    .where({ id: userId })
    .update({ ...columns, ...(profile && { profile: JSON.stringify(profile) }), updated_at: db.fn.now() })
    .returning(COLUMNS);
  return row;
}
