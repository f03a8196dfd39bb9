import type { Scope } from '@rivergate/caller';
import type { Knex } from 'knex';

/** A token as its owner sees it. */
export interface PersonalToken {
  id: number;
  name: string;
  scopes: Scope[];
  organization_id: number | null;
  expires_at: Date;
  created_at: Date;
  last_used_at: Date | null;
}

/** Seconds for which a token lives where nobody says anything else. */
export const USUAL_SECONDS = 90 * 86_400;

/** SQL: seconds for which tokens of an organization live at most. */
const ceiling = (organization: string) =>
  `coalesce((select policy.personal_token_seconds from organization_policies as policy
    where policy.organization_id = ${organization}), ${USUAL_SECONDS})`;

/**
 * SQL, for statements on `personal_tokens`: when the token ends unless it is revoked. Its organization may shorten its
 * time, also after it was made. The one place that says so; `expires_at` alone is only the longest it can last.
 */
const endsAt = `case when personal_tokens.organization_id is null then personal_tokens.expires_at
  else least(personal_tokens.expires_at,
    personal_tokens.created_at + ${ceiling('personal_tokens.organization_id')} * interval '1 second') end`;

/** Columns of a PersonalToken. */
export const shown = (db: Knex) => [
  'personal_tokens.id',
  'name',
  'scopes',
  'organization_id',
  db.raw(`${endsAt} as expires_at`),
  'personal_tokens.created_at',
  'last_used_at',
];

export interface NewToken {
  hash: string;
  userId: number;
  /** In which it is made. */
  sessionId: number;
  name: string;
  scopes: readonly Scope[];
  /** What its owner wishes; the organization's ceiling holds all the same. */
  seconds: number | null;
  /** Bound to an organization, or at home in one. */
  place: { organizationId: number } | { homeOrganizationId: number };
}

export async function insertToken(db: Knex, token: NewToken): Promise<PersonalToken> {
  const bound = 'organizationId' in token.place ? token.place.organizationId : null;
  const home = 'homeOrganizationId' in token.place ? token.place.homeOrganizationId : null;
  const { rows } = await db.raw(
    `insert into personal_tokens
       (token_hash, user_id, session_id, sso_organization_id, organization_id, home_organization_id, name, scopes, expires_at)
     select :hash, :user, :session, (select sso_organization_id from sessions where id = :session), place.bound, :home, :name, cast(:scopes as text[]),
       now() + least(cast(:seconds as int),
         case when place.bound is null then coalesce(cast(:seconds as int), ${USUAL_SECONDS})
           else ${ceiling('place.bound')} end) * interval '1 second'
     from (select cast(:bound as bigint) as bound) as place
     returning id, name, scopes, organization_id, expires_at, created_at, last_used_at`,
    {
      hash: token.hash,
      user: token.userId,
      session: token.sessionId,
      bound,
      home,
      name: token.name,
      scopes: [...token.scopes],
      seconds: token.seconds,
    },
  );
  return rows[0];
}

/** Tokens that were not revoked, expired ones among them, without columns and order. */
export function tokensOf(
  db: Knex,
  whose: { user_id: number } | { organization_id: number },
): Knex.QueryBuilder {
  return db('personal_tokens')
    .where(Object.fromEntries(Object.entries(whose).map(([column, id]) => [`personal_tokens.${column}`, id])))
    .whereNull('revoked_at');
}

export interface ChangedToken extends PersonalToken {
  token_hash: string;
}

/** @returns undefined where the user has no such token, or it is revoked */
export async function changeToken(
  db: Knex,
  { userId, id }: { userId: number; id: number },
  change: { name?: string | undefined; scopes?: readonly Scope[] | undefined },
): Promise<{ before: ChangedToken; after: ChangedToken } | undefined> {
  const columns = [...shown(db), 'token_hash'] as string[];
  const { name, scopes } = change;
  const own = tokensOf(db, { user_id: userId }).where({ id });
  const before: ChangedToken | undefined = await own.clone().forUpdate().first(columns);
  if (!before || (name === undefined && scopes === undefined)) return before && { before, after: before };
  const update = {
    ...(name === undefined ? {} : { name }),
    ...(scopes === undefined ? {} : { scopes: [...scopes] }),
  };
  const [after] = await own.update(update).returning(columns);
  return { before, after };
}

/** Tokens by owner, the session they were made in, organization and id, as far as each is given. */
export interface WhichTokens {
  user_id?: number;
  session_id?: number;
  organization_id?: number;
  id?: number;
}

export interface RevokedToken {
  id: number;
  user_id: number;
  organization_id: number | null;
  token_hash: string;
}

/** @returns those that were not revoked until now */
export async function markRevoked(db: Knex, which: WhichTokens, reason: string): Promise<RevokedToken[]> {
  return db('personal_tokens')
    .where({ ...which })
    .whereNull('revoked_at')
    .update({ revoked_at: db.fn.now(), revoke_reason: reason })
    .returning(['id', 'user_id', 'organization_id', 'token_hash']);
}

/** The owner of a token of an organization; undefined where there is none, or it is revoked. */
export async function ownerOfToken(
  db: Knex,
  organizationId: number,
  id: number,
): Promise<number | undefined> {
  return (await tokensOf(db, { organization_id: organizationId }).where({ id }).first('user_id'))?.user_id;
}

/** Hashes of the tokens that may be in use. */
export async function hashesInUse(db: Knex, which: WhichTokens): Promise<string[]> {
  return db('personal_tokens')
    .where({ ...which })
    .whereNull('revoked_at')
    .where('expires_at', '>', db.fn.now())
    .pluck('token_hash');
}

export interface TokenStanding {
  token_id: number;
  user_id: number;
  client_id: null;
  organization_id: number;
  bound: boolean;
  scopes: Scope[];
  key_thumbprint: null;
  sso_organization_id: number | null;
  created_at: Date;
  expires_at: Date;
  state: 'active' | 'suspended' | 'revoked';
}

/** State of a token for who decides. That is asked at most once a minute while it is in use: so it counts as use. */
export async function touchToken(db: Knex, hash: string): Promise<TokenStanding | undefined> {
  const { rows } = await db.raw(
    `with used as (
       update personal_tokens set last_used_at = now()
       where token_hash = :hash and revoked_at is null and ${endsAt} > now()
         and coalesce(last_used_at < now() - interval '1 minute', true)
     )
     select personal_tokens.id as token_id, user_id, null as client_id, null as key_thumbprint,
       coalesce(organization_id, home_organization_id) as organization_id,
       organization_id is not null as bound, sso_organization_id, scopes, personal_tokens.created_at, ${endsAt} as expires_at,
       case when revoked_at is not null then 'revoked' when disabled_at is not null then 'suspended' else 'active' end
         as state
     from personal_tokens join users on users.id = user_id
     where token_hash = :hash`,
    { hash },
  );
  return rows[0];
}

/** Days after which a token that has ended is forgotten. */
const KEPT_DAYS = 90;

export async function forgetEndedTokens(db: Knex): Promise<void> {
  await db('personal_tokens')
    .whereRaw("coalesce(revoked_at, expires_at) < now() - ? * interval '1 day'", [KEPT_DAYS])
    .delete();
}
