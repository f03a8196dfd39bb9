import type { JWK } from 'jose';
import type { Knex } from 'knex';

/** What is signed with: access tokens by the first, ID tokens by the one that their application asks for. */
export const SIGNING_ALGORITHMS = ['ES256', 'RS256'] as const;
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

/** A key as the table keeps it. */
export interface SigningKeyRow {
  kid: string;
  alg: SigningAlgorithm;
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

/** The keys that sign now, one of each algorithm: the newest whose time has come. */
export function currentKeys(db: Knex): Promise<SigningKeyRow[]> {
  return db('signing_keys')
    .distinctOn('alg')
    .where('signs_from', '<=', db.fn.now())
    .orderBy(['alg', { column: 'signs_from', order: 'desc' }]);
}

/** The newest key of an algorithm, whether it signs already or only from a later moment on. */
export function newestKey(db: Knex, alg: SigningAlgorithm): Promise<SigningKeyRow | undefined> {
  return db('signing_keys').where({ alg }).orderBy('signs_from', 'desc').first();
}

/** Adds a key that signs `leadSeconds` from now, and lets its forerunners of the algorithm go `overlapSeconds` after that. */
export async function addKey(
  db: Knex,
  key: {
    kid: string;
    alg: SigningAlgorithm;
    publicJwk: JWK;
    privateJwkSealed: string;
    leadSeconds: number;
    overlapSeconds: number;
  },
): Promise<void> {
  await db('signing_keys')
    .where({ alg: key.alg })
    .whereNull('published_until')
    .update({
      published_until: db.raw("now() + ? * interval '1 second'", [key.leadSeconds + key.overlapSeconds]),
    });
  await db('signing_keys').insert({
    kid: key.kid,
    alg: key.alg,
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
