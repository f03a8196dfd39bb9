import type { Scope } from '@rivergate/caller';
import type { Knex } from 'knex';
import { madeIn } from '../sessions/session-store.ts';

export interface RegistrationTokenRow {
  id: number;
  name: string;
  token_prefix: string;
  scopes: Scope[];
  max_uses: number;
  uses: number;
  created_by: number;
  created_at: Date;
  expires_at: Date;
}

export const COLUMNS = [
  'id',
  'name',
  'token_prefix',
  'scopes',
  'max_uses',
  'uses',
  'created_by',
  'created_at',
  'expires_at',
];

/** Tokens that were not revoked, used up and expired ones among them, without columns and order. */
export function tokensOf(db: Knex, organizationId: number): Knex.QueryBuilder {
  return db('oauth_registration_tokens').where({ organization_id: organizationId }).whereNull('revoked_at');
}

export async function insertToken(
  db: Knex,
  {
    days,
    ...token
  }: Pick<RegistrationTokenRow, 'name' | 'token_prefix' | 'scopes' | 'max_uses' | 'created_by'> & {
    organization_id: number;
    token_hash: string;
    session_id: number | null;
    days: number;
  },
): Promise<RegistrationTokenRow> {
  const [inserted] = await db('oauth_registration_tokens')
    .insert({
      ...token,
      session_id: madeIn(db, token.session_id),
      expires_at: db.raw(`now() + ? * interval '1 day'`, [days]),
    })
    .returning(COLUMNS);
  return inserted;
}

/** Counts a use in the statement that finds it possible: of many at once none gets in that is one too many. */
export async function useToken(
  db: Knex.Transaction,
  hash: string,
): Promise<{ id: number; organization_id: number; session_id: number | null; scopes: Scope[] } | undefined> {
  const [used] = await db('oauth_registration_tokens')
    .where({ token_hash: hash })
    .whereNull('revoked_at')
    .whereRaw('uses < max_uses and expires_at > now()')
    .update({ uses: db.raw('uses + 1') })
    .returning(['id', 'organization_id', 'session_id', 'scopes']);
  return used;
}

/** @returns those that were not revoked until now */
export async function revokeTokens(
  db: Knex,
  which: { organization_id: number; id?: number; created_by?: number } | { session_id: number },
): Promise<{ id: number; organization_id: number }[]> {
  return db('oauth_registration_tokens')
    .where({ ...which })
    .whereNull('revoked_at')
    .update({ revoked_at: db.fn.now() })
    .returning(['id', 'organization_id']);
}

/** Days after which a token that has ended is forgotten. */
const KEPT_DAYS = 90;

export async function forgetEndedTokens(db: Knex): Promise<void> {
  await db('oauth_registration_tokens')
    .whereRaw("least(revoked_at, expires_at) < now() - ? * interval '1 day'", [KEPT_DAYS])
    .delete();
}
