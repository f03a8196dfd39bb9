import { oneTimeToken } from '@rivergate/secrets';
import type { Knex } from 'knex';
import { UploadExpired, UploadNotFound, UploadOffsetConflict, UploadUnfinished } from './errors.ts';

/** Whose it is, and what for. */
export interface Owner {
  organizationId: number | null;
  userId: number | null;
  purpose: string;
}

export interface Upload {
  id: string;
  /** Bytes that it will have; null where that is known only when they have come. */
  length: number | null;
  /** Bytes that are there. */
  received: number;
  metadata: Record<string, unknown>;
  /** Null once it is kept. */
  expires_at: Date | null;
}

const COLUMNS = ['id', 'length', 'received', 'metadata', 'expires_at'];

const ownedBy = ({ organizationId, userId, purpose }: Owner) => ({
  organization_id: organizationId,
  user_id: userId,
  purpose,
});

/** The time by the clock: `now()` of a transaction that waited for a row may lie before what it waited for. */
const present = (db: Knex.Transaction) => db.raw('clock_timestamp()');
const after = (db: Knex.Transaction, seconds: number) =>
  db.raw("clock_timestamp() + ? * interval '1 second'", [seconds]);

export interface NewUpload {
  length: number | null;
  metadata: Record<string, unknown>;
  /** Seconds */
  lifetime: number;
}

export async function createUpload(
  db: Knex.Transaction,
  owner: Owner,
  { length, metadata, lifetime }: NewUpload,
): Promise<Upload> {
  const [upload] = await db('uploads')
    .insert({
      id: oneTimeToken(),
      ...ownedBy(owner),
      length,
      metadata: JSON.stringify(metadata),
      expires_at: after(db, lifetime),
    })
    .returning(COLUMNS);
  return upload;
}

/** How many of theirs are neither kept nor expired. Another request that asks waits until this transaction ends. */
export async function countUnkept(db: Knex.Transaction, owner: Owner): Promise<number> {
  const { organizationId, userId, purpose } = owner;
  await db.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [
    `uploads ${purpose} ${organizationId} ${userId}`,
  ]);
  const [row] = await db('uploads')
    .where(ownedBy(owner))
    .andWhere('expires_at', '>', present(db))
    .count({ count: '*' });
  return Number(row!.count);
}

/**
 * An upload of theirs.
 *
 * @throws UploadNotFound for one of somebody else, UploadExpired
 */
export async function uploadOf(db: Knex.Transaction, owner: Owner, id: string): Promise<Upload> {
  const found = await db('uploads')
    .where({ id, ...ownedBy(owner) })
    .first([...COLUMNS, db.raw('expires_at <= clock_timestamp() as expired')]);
  if (!found) throw UploadNotFound();
  const { expired, ...upload } = found;
  if (expired) throw UploadExpired();
  return upload;
}

/**
 * Adds a piece, from which on the upload has its whole lifetime again. Of two at one offset, one is added.
 *
 * @param lifetime seconds
 *
 * @throws UploadNotFound, UploadExpired, UploadOffsetConflict
 */
export async function addPiece(
  db: Knex.Transaction,
  owner: Owner,
  id: string,
  { offset, content, lifetime }: { offset: number; content: Buffer; lifetime: number },
): Promise<void> {
  const moved = await db('uploads')
    .where({ id, ...ownedBy(owner), received: offset })
    .andWhere('expires_at', '>', present(db))
    .update({ received: offset + content.length, expires_at: after(db, lifetime) });
  if (moved === 0) {
    await uploadOf(db, owner, id);
    throw UploadOffsetConflict();
  }
  await db('upload_pieces').insert({
    upload_id: id,
    organization_id: owner.organizationId,
    position: offset,
    content,
  });
}

/** Says that what is there is all. */
export async function setLength(db: Knex.Transaction, id: string, length: number): Promise<void> {
  await db('uploads').where({ id, received: length }).update({ length });
}

/**
 * Keeps an upload that has come to its end: it expires no more and belongs to whoever refers to it. Once only.
 *
 * @throws UploadNotFound, UploadExpired, UploadUnfinished
 */
export async function keepUpload(db: Knex.Transaction, owner: Owner, id: string): Promise<Upload> {
  const [kept] = await db('uploads')
    .where({ id, ...ownedBy(owner), received: db.ref('length') })
    .andWhere('expires_at', '>', present(db))
    .update({ expires_at: null })
    .returning(COLUMNS);
  if (kept) return kept;
  const { expires_at } = await uploadOf(db, owner, id);
  // What is kept already is nobody's to take again.
  throw expires_at === null ? UploadNotFound() : UploadUnfinished();
}

/** The content of an upload, piece by piece. */
export async function* contentOf(db: Knex.Transaction, id: string): AsyncGenerator<Buffer> {
  for (let position = 0; ; ) {
    const piece = await db('upload_pieces').where({ upload_id: id, position }).first('content');
    if (!piece) return;
    yield piece.content;
    position += piece.content.length;
  }
}

/** Ends an upload that nothing keeps. @throws UploadNotFound, UploadExpired */
export async function endUpload(db: Knex.Transaction, owner: Owner, id: string): Promise<void> {
  const ended = await db('uploads')
    .where({ id, ...ownedBy(owner) })
    .andWhere('expires_at', '>', present(db))
    .delete();
  if (ended > 0) return;
  await uploadOf(db, owner, id);
  throw UploadNotFound();
}

/** Takes back an upload that nothing keeps; one that is kept, as when a commit went unheard, stays. */
export async function discardUpload(db: Knex.Transaction, id: string): Promise<void> {
  await db('uploads').where({ id }).whereNotNull('expires_at').delete();
}
