import type { SecretBox } from '@rivergate/secrets';
import type { Knex } from 'knex';
import { stepOfCode } from './totp.ts';

/** An enrolled authenticator as its owner sees it. */
export interface TotpDevice {
  id: number;
  device_name: string;
  type: 'totp';
  created_at: Date;
  last_used_at: Date | null;
  is_primary: boolean;
  verified: true;
}

const COLUMNS = ['id', 'name as device_name', 'created_at', 'last_used_at', 'is_primary'];

type Row = Omit<TotpDevice, 'type' | 'verified'>;
const shown = (row: Row): TotpDevice => ({ ...row, type: 'totp', verified: true });

/** What a secret, or what holds one, is bound to when it is sealed. */
export const secretContext = (userId: number) => `totp of user ${userId}`;

/** Of a user: the primary one first, then the newest. */
export async function totpDevicesOf(db: Knex, userId: number): Promise<TotpDevice[]> {
  const rows: Row[] = await db('totp_devices')
    .where({ user_id: userId })
    .select(COLUMNS)
    .orderByRaw('is_primary desc, created_at desc, id desc');
  return rows.map(shown);
}

/** @param device.step that of the code which confirmed it, so that this one is spent, too */
export async function addTotpDevice(
  db: Knex,
  { userId, sessionId }: { userId: number; sessionId: number },
  device: { name: string; sealedSecret: string; step: number; isPrimary: boolean },
): Promise<TotpDevice> {
  const [row] = await db('totp_devices')
    .insert({
      user_id: userId,
      session_id: sessionId,
      name: device.name,
      sealed_secret: device.sealedSecret,
      last_step: device.step,
      is_primary: device.isPrimary,
    })
    .returning(COLUMNS);
  return shown(row);
}

/**
 * Takes a code of any of the user's devices, once: the step of the last one moves on in the statement that compares it
 * (RFC 6238, section 5.2).
 *
 * @returns the session in which the device was enrolled, where that is known; undefined for a wrong code
 */
export async function acceptTotpCode(
  db: Knex,
  box: SecretBox,
  userId: number,
  code: string,
): Promise<{ session_id: number | null } | undefined> {
  for (const { id, sealed_secret, session_id } of await db('totp_devices')
    .where({ user_id: userId })
    .orderBy('id')) {
    const step = stepOfCode(box.open(sealed_secret, secretContext(userId)), code);
    if (step === null) continue;
    const accepted = await db('totp_devices')
      .where({ id })
      .where('last_step', '<', step)
      .update({ last_step: step, last_used_at: db.fn.now() });
    if (accepted > 0) return { session_id };
  }
  return undefined;
}

export async function renameTotpDevice(db: Knex, id: number, name: string): Promise<void> {
  await db('totp_devices').where({ id }).update({ name });
}

/** Makes a device the primary one. */
export async function preferTotpDevice(db: Knex, userId: number, id: number): Promise<void> {
  await db('totp_devices').where({ user_id: userId }).whereNot({ id }).update({ is_primary: false });
  await db('totp_devices').where({ id }).update({ is_primary: true });
}

/** Of a user, enrolled in sessions. */
export async function devicesMadeIn(
  db: Knex,
  userId: number,
  sessionIds: readonly number[],
): Promise<{ id: number; device_name: string }[]> {
  return db('totp_devices')
    .where({ user_id: userId })
    .whereIn('session_id', sessionIds)
    .select('id', 'name as device_name');
}

/** Removes a device with its secret. When the primary one goes, the newest left takes its place. */
export async function removeTotpDevice(db: Knex, userId: number, id: number): Promise<void> {
  await db('totp_devices').where({ user_id: userId, id }).delete();
  const [first] = await totpDevicesOf(db, userId);
  if (first && !first.is_primary) await preferTotpDevice(db, userId, first.id);
}
