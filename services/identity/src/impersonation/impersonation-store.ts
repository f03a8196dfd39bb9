import type { Knex } from 'knex';
import type { z } from 'zod';
import type { Impersonation, Status } from './impersonation.ts';

const STATUS = `case
  when i.end_reason = 'denied' then 'denied'
  when i.approved_at is null and (i.end_reason = 'expired' or i.ended_at is null and i.expires_at <= now()) then 'expired'
  when i.ended_at is not null or i.ends_at <= now() then 'ended'
  when i.approved_at is null then 'pending'
  else 'active' end`;

/** Without columns and order. */
export function impersonations(
  db: Knex,
  which: { id?: number; organization_id?: number; user_id?: number; administrator_id?: number },
  status?: z.output<typeof Status>,
): Knex.QueryBuilder {
  const found = db('impersonations as i');
  for (const [column, value] of Object.entries(which))
    if (value !== undefined) found.where(`i.${column}`, value);
  if (status !== undefined) found.whereRaw(`${STATUS} = ?`, [status]);
  return found;
}

/** As they are shown, those that are open first. */
export function shown(found: Knex.QueryBuilder, db: Knex): Knex.QueryBuilder {
  const person = (
    id: string,
  ) => `(select jsonb_build_object('id', users.id, 'email', email, 'display_name', display_name)
    from users join email_addresses on email_addresses.user_id = users.id and is_primary where users.id = ${id})`;
  return found
    .select(
      'i.id',
      'i.reason',
      'i.minutes',
      'i.requested_at',
      'i.expires_at',
      'i.approved_at',
      'i.ends_at',
      'i.started_at',
      'i.ended_at',
      'i.end_reason',
      db.raw(`jsonb_build_object('id', i.organization_id, 'name', i.organization_name) as organization`),
      db.raw(`${person('i.user_id')} as user`),
      db.raw(`${person('i.administrator_id')} as administrator`),
      db.raw(`${STATUS} as status`),
    )
    .orderByRaw(`${STATUS} in ('pending', 'active') desc, i.id desc`);
}

export async function shownById(db: Knex, id: number): Promise<z.input<typeof Impersonation>> {
  return await shown(impersonations(db, { id }), db).first();
}

/** Hours for which a request can be answered. */
const ANSWER_HOURS = 24;

/** Whether the user administers the whole platform: in whose name nobody acts. */
export async function isPlatformAdministrator(db: Knex, userId: number): Promise<boolean> {
  return (await db('users').where({ id: userId, is_system_admin: true }).first('id')) !== undefined;
}

/** @returns its id */
export async function insertImpersonation(
  db: Knex,
  asked: {
    organization_id: number;
    organization_name: string;
    user_id: number;
    administrator_id: number;
    reason: string;
    minutes: number;
  },
): Promise<number> {
  const expires_at = db.raw("now() + ? * interval '1 hour'", [ANSWER_HOURS]);
  const [inserted] = await db('impersonations')
    .insert({ ...asked, expires_at })
    .returning('id');
  return inserted.id;
}

/** Whether the administrator has asked the user and is not done. Under the lock of the user's account. */
export async function hasOpen(
  db: Knex,
  which: { organization_id: number; user_id: number; administrator_id: number },
): Promise<boolean> {
  const open = impersonations(db, which).whereRaw(`${STATUS} in ('pending', 'active')`);
  return (await open.first('i.id')) !== undefined;
}

/** What decides about an impersonation. */
export interface ImpersonationRow {
  id: number;
  organization_id: number;
  user_id: number;
  administrator_id: number;
  ends_at: Date | null;
  session_id: number | null;
  administrator_session_id: number | null;
  status: z.output<typeof Status>;
}

const deciding = (db: Knex) => [
  'i.id',
  'i.organization_id',
  'i.user_id',
  'i.administrator_id',
  'i.ends_at',
  'i.session_id',
  'i.administrator_session_id',
  db.raw(`${STATUS} as status`),
];

export async function findImpersonation(
  db: Knex,
  which: Parameters<typeof impersonations>[1],
): Promise<ImpersonationRow | undefined> {
  return await impersonations(db, which).first(deciding(db));
}

/** As it is until the transaction ends. */
export async function lockImpersonation(
  db: Knex.Transaction,
  id: number,
): Promise<ImpersonationRow | undefined> {
  return await impersonations(db, { id }).forUpdate().first(deciding(db));
}

/** Those of an organization that wait, or go on. */
export async function openIn(db: Knex, organizationId: number): Promise<ImpersonationRow[]> {
  const open = impersonations(db, { organization_id: organizationId }).whereRaw(
    `${STATUS} in ('pending', 'active')`,
  );
  return await open.select(deciding(db));
}

/** Of many at once one approves. @returns until when it goes on; undefined where it does not wait for an answer */
export async function approve(
  db: Knex,
  { id, userId, sessionId }: { id: number; userId: number; sessionId: number },
): Promise<{ organization_id: number; administrator_id: number; ends_at: Date } | undefined> {
  const [approved] = await db('impersonations')
    .where({ id, user_id: userId })
    .whereNull('approved_at')
    .whereNull('ended_at')
    .where('expires_at', '>', db.fn.now())
    .update({
      approved_at: db.fn.now(),
      approved_session_id: sessionId,
      ends_at: db.raw("now() + minutes * interval '1 minute'"),
    })
    .returning(['organization_id', 'administrator_id', 'ends_at']);
  return approved;
}
