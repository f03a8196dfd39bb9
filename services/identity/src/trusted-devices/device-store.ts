import type { Knex } from 'knex';

/** A trusted device as its owner sees it. */
export interface TrustedDevice {
  id: number;
  device_name: string;
  device_fingerprint: string;
  user_agent: string;
  ip_address: string;
  is_active: true;
  created_at: Date;
  last_used_at: Date;
  trusted_until: Date;
}

const ACTIVATION_SECONDS = 300;
/** Days for which a device is trusted at most. */
const TRUST_DAYS = 30;

/** SQL: days for which devices of a user are trusted. The strictest organization counts in which one is a member. */
const trustDays = (user: string) => `least(${TRUST_DAYS}, (
  select min(policy.device_trust_days) from memberships
  join organization_policies as policy on policy.organization_id = memberships.organization_id
  where memberships.user_id = ${user} and memberships.status = 'active'))`;

/** SQL, for statements on `trusted_devices`: until when one is trusted. Asked anew each time, as settings change. */
const TRUSTED_UNTIL = `(trusted_devices.activated_at + ${trustDays('trusted_devices.user_id')} * interval '1 day')`;

/** SQL, for statements on `sessions`: whether one was opened on a device that its user trusts now. */
export const ON_TRUSTED_DEVICE = `exists (select from trusted_devices
  where trusted_devices.id = sessions.trusted_device_id and trusted_devices.user_id = sessions.user_id
    and ${TRUSTED_UNTIL} > now())`;

/** SQL, for statements on `trusted_devices`: the sessions on one that have not been revoked. */
const ITS_SESSIONS = `array(select sessions.id from sessions
  where sessions.trusted_device_id = trusted_devices.id and sessions.revoked_at is null order by sessions.id)`;

const COLUMNS = `id, name as device_name, fingerprint_hash as device_fingerprint, user_agent, ip_address,
  true as is_active, created_at, last_used_at, ${TRUSTED_UNTIL} as trusted_until`;

export interface Candidate {
  userId: number;
  sessionId: number;
  name: string;
  fingerprintHash: string;
  userAgent: string;
  ip: string;
  activationHash: string;
}

/** Keeps a device that its user may trust within 5 minutes. @returns undefined where an organization forbids it */
export async function addCandidate(
  db: Knex,
  candidate: Candidate,
): Promise<{ id: number; device_name: string; expires_at: Date } | undefined> {
  const { rows } = await db.raw(
    `insert into trusted_devices
       (user_id, session_id, name, fingerprint_hash, user_agent, ip_address, activation_hash, activation_expires_at)
     select cast(:userId as bigint), cast(:sessionId as bigint), cast(:name as text), cast(:fingerprintHash as text),
       cast(:userAgent as text), cast(:ip as text), cast(:activationHash as text),
       now() + :seconds * interval '1 second'
     where ${trustDays(':userId')} > 0
     returning id, name as device_name, activation_expires_at as expires_at`,
    { ...candidate, seconds: ACTIVATION_SECONDS },
  );
  return rows[0];
}

/** The device that an activation token belongs to, of this user and session. */
export function candidateOf(
  db: Knex,
  owner: { userId: number; sessionId: number | null },
  activationHash: string,
): Promise<{ id: number; device_name: string; fingerprint_hash: string; expired: boolean } | undefined> {
  return db('trusted_devices')
    .where({ user_id: owner.userId, session_id: owner.sessionId, activation_hash: activationHash })
    .first(
      'id',
      'name as device_name',
      'fingerprint_hash',
      db.raw('activation_expires_at <= now() as expired'),
    );
}

/** Trusts a device, in place of an earlier record of the same one, whose sessions go on as its own. */
export async function activate(
  db: Knex,
  owner: { userId: number; sessionId: number | null },
  candidate: { id: number; fingerprint_hash: string },
): Promise<TrustedDevice & { sessionIds: number[] }> {
  const earlier = db('trusted_devices')
    .where({ user_id: owner.userId, fingerprint_hash: candidate.fingerprint_hash })
    .whereNotNull('activated_at');
  const sessions = await db('sessions')
    .where({ user_id: owner.userId })
    .where(on =>
      on.where({ id: owner.sessionId }).orWhereIn('trusted_device_id', earlier.clone().select('id')),
    )
    .update({ trusted_device_id: candidate.id })
    .returning('id');
  await earlier.delete();
  const [device] = await db('trusted_devices')
    .where({ id: candidate.id })
    .update({ activation_hash: null, activated_at: db.fn.now(), last_used_at: db.fn.now() })
    .returning(db.raw(COLUMNS) as unknown as string);
  return { ...device, sessionIds: sessions.map(({ id }) => Number(id)) };
}

/** Devices that are trusted now, without columns and order. */
const trusted = (db: Knex) => db('trusted_devices').whereRaw(`${TRUSTED_UNTIL} > now()`);
const active = (db: Knex, userId: number) => trusted(db).where({ user_id: userId });

/** Devices that members of an organization trust now, without columns and order. */
export function devicesIn(db: Knex, organizationId: number): Knex.QueryBuilder {
  return trusted(db)
    .join('memberships', 'memberships.user_id', 'trusted_devices.user_id')
    .where({ 'memberships.organization_id': organizationId, 'memberships.status': 'active' });
}

/** Columns of a device as administrators see it. */
export const shownToAdministrators = (db: Knex) => [
  'trusted_devices.id',
  'trusted_devices.name as device_name',
  'trusted_devices.created_at',
  'trusted_devices.last_used_at',
  db.raw(`${TRUSTED_UNTIL} as trusted_until`),
];

/** Devices that are trusted now, the most recently used first. */
export function trustedDevicesOf(db: Knex, userId: number): Promise<TrustedDevice[]> {
  return active(db, userId).select(db.raw(COLUMNS)).orderByRaw('last_used_at desc, id desc');
}

/** The trust in a device, which counts as its use. @returns undefined where there is none */
export async function useTrust(
  db: Knex,
  userId: number,
  fingerprintHash: string,
): Promise<{ id: number; session_id: number } | undefined> {
  const [used] = await active(db, userId)
    .where({ fingerprint_hash: fingerprintHash })
    .update({ last_used_at: db.fn.now() })
    .returning(['id', 'session_id']);
  return used;
}

/** Devices of a user, trusted or only offered: all of them, or that of a session. Or a trusted one. */
export interface WhichDevices {
  userId: number;
  sessionId?: number;
  id?: number;
}

/** A device that was trusted until now, and the sessions on it that go on. */
export interface RemovedDevice {
  id: number;
  device_name: string;
  session_ids: number[];
}

const withNumbers = <Device extends { session_ids: unknown[] }>(device: Device) => ({
  ...device,
  session_ids: device.session_ids.map(Number),
});

/** @returns those that were trusted until now */
export async function removeDevices(
  db: Knex,
  { userId, sessionId, id }: WhichDevices,
): Promise<RemovedDevice[]> {
  const removed = await db('trusted_devices')
    .where({ user_id: userId })
    .modify(devices => {
      if (sessionId !== undefined) devices.where({ session_id: sessionId });
      if (id !== undefined) devices.where({ id }).whereNotNull('activated_at');
    })
    .delete()
    .returning([
      'id',
      'name as device_name',
      db.raw(`${ITS_SESSIONS} as session_ids`) as never,
      db.raw(`${TRUSTED_UNTIL} > now() as trusted`) as unknown as string,
    ]);
  return removed.filter(device => device.trusted).map(withNumbers);
}

/**
 * Removes what the settings of an organization let its members trust no longer: devices that are past their time, and, where
 * it forbids trust, those that are only offered. So a longer time brings none of them back.
 *
 * @returns those that were trusted until now
 */
export async function removeOverdue(
  db: Knex,
  organizationId: number,
): Promise<(RemovedDevice & { user_id: number })[]> {
  const removed = await db('trusted_devices')
    .whereIn(
      'user_id',
      db('memberships').where({ organization_id: organizationId, status: 'active' }).select('user_id'),
    )
    .whereRaw(`coalesce(${TRUSTED_UNTIL} <= now(), ${trustDays('trusted_devices.user_id')} = 0)`)
    .delete()
    .returning([
      'id',
      'user_id',
      'name as device_name',
      db.raw(`${ITS_SESSIONS} as session_ids`) as never,
      db.raw(
        `coalesce(activated_at > now() - ${TRUST_DAYS} * interval '1 day', false) as activated`,
      ) as never,
    ]);
  return removed.filter(({ activated }) => activated).map(withNumbers);
}

/** Forgets a device that its user did not trust. */
export async function removeCandidate(db: Knex, id: number): Promise<void> {
  await db('trusted_devices').where({ id }).delete();
}

/** Forgets what nobody trusted in time, and what is trusted no longer. */
export async function dropOldDevices(db: Knex): Promise<void> {
  await db('trusted_devices')
    .whereRaw("(activated_at is null and activation_expires_at < now() - interval '1 hour')")
    .orWhereRaw("activated_at + ? * interval '1 day' < now()", [TRUST_DAYS])
    .delete();
}
