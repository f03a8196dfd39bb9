import type { Knex } from 'knex';
import type { GrantedScope } from '../scope.ts';

/** Seconds for which a device waits for its user (RFC 8628, section 3.2). */
export const DEVICE_SECONDS = 600;
/** Seconds between two polls, and by how much one that comes too early makes that longer (RFC 8628, section 3.5). */
export const POLL_SECONDS = 5;
/** Seconds by which polls may come closer to each other on their way than they were sent. */
const TOLERANCE = 1;

export interface NewDeviceRequest {
  application_id: number;
  device_code_hash: string;
  user_code_hash: string;
  scopes: readonly GrantedScope[];
  ip_address: string | null;
  user_agent: string | null;
}

/** @returns whether it is there: not where another has the user code */
export async function insertDeviceRequest(db: Knex, request: NewDeviceRequest): Promise<boolean> {
  const inserted = await db('oauth_device_requests')
    .insert({
      ...request,
      scopes: [...request.scopes],
      poll_seconds: POLL_SECONDS,
      expires_at: db.raw(`now() + ${DEVICE_SECONDS} * interval '1 second'`),
    })
    .onConflict('user_code_hash')
    .ignore()
    .returning('id');
  return inserted.length === 1;
}

/** A request that waits for somebody's answer. */
export interface OpenDeviceRequest {
  id: number;
  client_id: string;
  device_code_hash: string;
  scopes: GrantedScope[];
  ip_address: string | null;
  user_agent: string | null;
  created_at: Date;
  expires_at: Date;
}

/** @returns undefined for one that is unknown, expired or answered, or whose application is revoked */
export async function openDeviceRequest(
  db: Knex,
  userCodeHash: string,
): Promise<OpenDeviceRequest | undefined> {
  return openRequests(db, userCodeHash).first(
    'r.id',
    'a.client_id',
    'r.device_code_hash',
    'r.scopes',
    'r.ip_address',
    'r.user_agent',
    'r.created_at',
    'r.expires_at',
  );
}

/** The same to the end of the transaction: of those who answer it, one does. */
export async function holdOpenDeviceRequest(
  db: Knex.Transaction,
  userCodeHash: string,
): Promise<Pick<OpenDeviceRequest, 'id' | 'device_code_hash' | 'scopes'> | undefined> {
  return openRequests(db, userCodeHash).forUpdate('r').first('r.id', 'r.device_code_hash', 'r.scopes');
}

const openRequests = (db: Knex, user_code_hash: string) =>
  db('oauth_device_requests as r')
    .join('oauth_applications as a', 'a.id', 'r.application_id')
    .where({ user_code_hash, 'a.status': 'active', grant_id: null, refused_at: null })
    .where('r.expires_at', '>', db.fn.now());

/** @param grantId null for a refusal */
export async function noteAnswer(db: Knex.Transaction, id: number, grantId: number | null): Promise<void> {
  await db('oauth_device_requests')
    .where({ id })
    .update(grantId === null ? { refused_at: db.fn.now() } : { grant_id: grantId });
}

/** A request as the device asks about it. */
export interface PolledRequest {
  id: number;
  grant_id: number | null;
  refused: boolean;
  expired: boolean;
  too_soon: boolean;
}

/** The request of an application, to the end of the transaction: of its polls, one is looked at at a time. */
export async function holdDeviceRequest(
  db: Knex.Transaction,
  which: { application_id: number; device_code_hash: string },
): Promise<PolledRequest | undefined> {
  return db('oauth_device_requests')
    .where(which)
    .forUpdate()
    .first(
      'id',
      'grant_id',
      db.raw('refused_at is not null as refused'),
      db.raw('expires_at <= now() as expired'),
      db.raw(
        `coalesce(polled_at > now() - (poll_seconds - ${TOLERANCE}) * interval '1 second', false) as too_soon`,
      ),
    );
}

/** Notes a poll; one that came too soon makes the next wait longer. */
export async function notePoll(
  db: Knex.Transaction,
  { id, too_soon }: Pick<PolledRequest, 'id' | 'too_soon'>,
): Promise<void> {
  await db('oauth_device_requests')
    .where({ id })
    .update({
      polled_at: db.fn.now(),
      ...(too_soon ? { poll_seconds: db.raw(`poll_seconds + ${POLL_SECONDS}`) } : {}),
    });
}

/** One that led to a grant stays with that: so that a second use of its code is known for one. */
export async function forgetDeviceRequests(db: Knex): Promise<void> {
  await db('oauth_device_requests')
    .whereNull('grant_id')
    .whereRaw("expires_at < now() - interval '1 day'")
    .delete();
}
