import type { JWK } from 'jose';
import type { Knex } from 'knex';

/** A key as the table keeps it. */
export interface SigningKeyRow {
  kid: string;
  public_jwk: JWK;
  private_jwk_sealed: string;
  created_at: Date;
  signs_from: Date;
  /** Null while it signs or is about to. */
  published_until: Date | null;
}

/** Every key of which tokens may still be about, oldest first. */
export function publishedKeys(db: Knex): Promise<SigningKeyRow[]> {
  return db('signing_keys')
    .where(builder => builder.whereNull('published_until').orWhere('published_until', '>', db.fn.now()))
    .orderBy('signs_from');
}

/** The key that signs now: the newest whose time has come. */
export function currentKey(db: Knex): Promise<SigningKeyRow | undefined> {
  return db('signing_keys').where('signs_from', '<=', db.fn.now()).orderBy('signs_from', 'desc').first();
}

/** The newest key, whether it signs already or only from a later moment on. */
export function newestKey(db: Knex): Promise<SigningKeyRow | undefined> {
  return db('signing_keys').orderBy('signs_from', 'desc').first();
}

/** Adds a key that signs `leadSeconds` from now, and lets its forerunners go `overlapSeconds` after that. */
export async function addKey(
  db: Knex,
  key: { kid: string; publicJwk: JWK; privateJwkSealed: string; leadSeconds: number; overlapSeconds: number },
): Promise<void> {
  await db('signing_keys')
    .whereNull('published_until')
    .update({
      published_until: db.raw("now() + ? * interval '1 second'", [key.leadSeconds + key.overlapSeconds]),
    });
  await db('signing_keys').insert({
    kid: key.kid,
    public_jwk: JSON.stringify(key.publicJwk),
    private_jwk_sealed: key.privateJwkSealed,
    signs_from: db.raw("now() + ? * interval '1 second'", [key.leadSeconds]),
  });
}

/** Forgets keys whose last token has expired. */
export async function dropUnpublishedKeys(db: Knex): Promise<void> {
  await db('signing_keys').where('published_until', '<', db.fn.now()).delete();
}

/** Serialises the processes that would make a key; released with the transaction. */
export async function lockKeys(db: Knex.Transaction): Promise<void> {
  await db.raw("select pg_advisory_xact_lock(hashtextextended('identity signing keys', 0))");
}
