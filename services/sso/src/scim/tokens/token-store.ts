import type { Knex } from 'knex';

/** A token of SCIM, which stands for an organization and for nobody. */
export interface ScimToken {
  id: number;
  organization_id: number;
  token_hash: string;
  networks: string[];
  created_at: Date;
  expires_at: Date | null;
  last_used_at: Date | null;
}

const COLUMNS = [
  'id',
  'organization_id',
  'token_hash',
  'networks',
  'created_at',
  'expires_at',
  'last_used_at',
] as const;

/** Those that may be in use. */
export const tokensInUse = (db: Knex, organizationId: number): Knex.QueryBuilder<object, ScimToken[]> =>
  db('scim_tokens')
    .where({ organization_id: organizationId, revoked_at: null })
    .where(open => open.whereNull('expires_at').orWhere('expires_at', '>', db.fn.now()))
    .orderBy('id')
    .select(...COLUMNS) as Knex.QueryBuilder<object, ScimToken[]>;

export async function insertToken(
  db: Knex,
  token: {
    organization_id: number;
    token_hash: string;
    networks: readonly string[];
    created_by: number;
    expires_at: Knex.Raw | null;
  },
): Promise<ScimToken> {
  const [row] = await db('scim_tokens')
    .insert({ ...token, networks: [...token.networks] })
    .returning([...COLUMNS]);
  return row;
}

/** @returns those that end earlier by it */
export async function shortenTokens(
  db: Knex,
  organizationId: number,
  hours: number,
  except: number,
): Promise<ScimToken[]> {
  const end = db.raw("now() + ? * interval '1 hour'", [hours]);
  return await db('scim_tokens')
    .where({ organization_id: organizationId, revoked_at: null })
    .whereNot({ id: except })
    .where(later => later.whereNull('expires_at').orWhere('expires_at', '>', end))
    .update({ expires_at: end })
    .returning([...COLUMNS]);
}

/** @returns those that were not revoked until now */
export async function revokeTokens(db: Knex, organizationId: number): Promise<ScimToken[]> {
  return await db('scim_tokens')
    .where({ organization_id: organizationId, revoked_at: null })
    .update({ revoked_at: db.fn.now() })
    .returning([...COLUMNS]);
}

/** Longer than any token lives: one without an end is said to last until then. */
const WITHOUT_END = "timestamptz '9999-01-01'";

/**
 * State of a token for who decides. That is asked at most once a minute while it is in use: so it counts as use. Those of an
 * organization that was deleted wait for its end, or for its return.
 */
export async function touchToken(db: Knex, hash: string) {
  const { rows } = await db.raw(
    `with used as (
       update scim_tokens set last_used_at = now()
       where token_hash = :hash and revoked_at is null and coalesce(expires_at > now(), true)
         and coalesce(last_used_at < now() - interval '1 minute', true)
     )
     select t.id as token_id, null as user_id, null as client_id, null as key_thumbprint, null as sso_organization_id,
       t.organization_id, true as bound, cast('{}' as text[]) as scopes, t.networks, t.created_at, coalesce(t.expires_at, ${WITHOUT_END}) as expires_at,
       case when t.revoked_at is not null then 'revoked' when t.suspended then 'suspended' else 'active' end as state
     from scim_tokens as t
     where t.token_hash = :hash`,
    { hash },
  );
  return rows[0];
}

const KEPT_DAYS = 90;

export async function forgetEndedTokens(db: Knex): Promise<void> {
  await db('scim_tokens')
    .whereRaw("coalesce(revoked_at, expires_at) < now() - ? * interval '1 day'", [KEPT_DAYS])
    .delete();
}
