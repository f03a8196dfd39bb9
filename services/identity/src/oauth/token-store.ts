import { accessTokenLifetimeSeconds, type Scope } from '@rivergate/caller';
import { sendWithCommit } from '@rivergate/events';
import type { Knex } from 'knex';
import type { GrantType } from '../oauth-applications/application.ts';
import type { Client } from './client-store.ts';
import type { Grant, Holder } from './grant-store.ts';
import { ALL_SCOPES, type GrantedScope, IDENTITY_SCOPES, identityOf, rightsOf } from './scope.ts';

const REFRESH_SECONDS = 30 * 86_400;

export interface Lifetimes {
  /** Seconds */
  access: number;
  /** Seconds */
  refresh: number;
}

type Limits = Pick<Client, 'access_token_seconds' | 'refresh_token_seconds'>;

/** How long tokens live that are issued now; the organization in which they act may have shortened it. */
export async function lifetimesIn(db: Knex, organizationId: number): Promise<Lifetimes> {
  const limits: Limits | undefined = await db('organization_policies')
    .where({ organization_id: organizationId })
    .first('access_token_seconds', 'refresh_token_seconds');
  return within(limits);
}

/** The same of tokens for a client, which knows the limits of its own organization. */
export async function lifetimesFor(
  db: Knex,
  client: Limits & Pick<Client, 'organization_id'>,
  organizationId: number,
): Promise<Lifetimes> {
  return client.organization_id === organizationId ? within(client) : lifetimesIn(db, organizationId);
}

const within = (limits: Limits | undefined): Lifetimes => ({
  access: Math.min(accessTokenLifetimeSeconds, limits?.access_token_seconds ?? accessTokenLifetimeSeconds),
  refresh: Math.min(REFRESH_SECONDS, limits?.refresh_token_seconds ?? REFRESH_SECONDS),
});

export interface NewToken {
  kind: 'access' | 'refresh';
  token_hash: string;
  /** Also as a statement that says it, or null where nothing may be issued. */
  application_id: number | Knex.Raw;
  grant_id: number | null;
  user_id: number | null;
  scopes: readonly GrantedScope[];
  /** Of the key that it is bound to. */
  key_thumbprint: string | null;
  expires_at: Date;
}

/** With the commit: what is issued is looked at by nobody before. */
export async function insertTokens(db: Knex.Transaction, tokens: readonly NewToken[]): Promise<void> {
  for (const token of tokens) {
    const { kind, token_hash, application_id, grant_id, user_id, scopes, key_thumbprint, expires_at } = token;
    const values = [
      kind,
      token_hash,
      application_id,
      grant_id,
      user_id,
      rightsOf(scopes),
      identityOf(scopes),
    ];
    await sendWithCommit(
      db,
      db.raw(
        `insert into oauth_tokens
           (kind, token_hash, application_id, grant_id, user_id, scopes, identity_scopes, key_thumbprint, expires_at)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        [...values, key_thumbprint, expires_at] as Knex.RawBinding[],
      ),
    );
  }
}

/** SQLSTATE of a column that takes no null (PostgreSQL, appendix A). */
const NOT_NULL_VIOLATION = '23502';

/** Whether tokens were refused because nothing may be issued to their application. */
export function isWithoutApplication(cause: unknown): boolean {
  const { code, table, column } = cause as { code?: string; table?: string; column?: string };
  return code === NOT_NULL_VIOLATION && table === 'oauth_tokens' && column === 'application_id';
}

export async function holderOfRefreshToken(db: Knex, hash: string): Promise<Holder | undefined> {
  return db('oauth_tokens as t')
    .join('oauth_grants as g', 'g.id', 't.grant_id')
    .where({ token_hash: hash, kind: 'refresh' })
    .first('g.user_id', 'g.organization_id');
}

export interface IssuedToken {
  id: number;
  kind: 'access' | 'refresh';
  application_id: number;
  grant_id: number | null;
  key_thumbprint: string | null;
}

export async function issuedToken(db: Knex, hash: string): Promise<IssuedToken | undefined> {
  return db('oauth_tokens')
    .where({ token_hash: hash })
    .first('id', 'kind', 'application_id', 'grant_id', 'key_thumbprint');
}

/** Whose the token is. */
export async function ownerOf(
  db: Knex,
  { application_id }: Pick<IssuedToken, 'application_id'>,
): Promise<{ id: number; client_id: string; organization_id: number | null }> {
  return db('oauth_applications').where({ id: application_id }).first('id', 'client_id', 'organization_id');
}

/**
 * Marks a refresh token as used, if it is good still: its organization may have shortened its time. Whoever calls holds
 * the grant.
 */
export async function useRefreshToken(
  db: Knex.Transaction,
  hash: string,
  seconds: number,
): Promise<{ state: 'used'; scopes: GrantedScope[] } | { state: 'reused' } | { state: 'ended' }> {
  const { rows } = await db.raw(
    `update oauth_tokens set used_at = now()
     where token_hash = :hash and used_at is null and revoked_at is null
       and least(expires_at, created_at + :seconds * interval '1 second') > now()
     returning ${ALL_SCOPES('oauth_tokens')}`,
    { hash, seconds },
  );
  if (rows.length === 1) return { state: 'used', scopes: rows[0].scopes };
  const { used_at } = await db('oauth_tokens').where({ token_hash: hash }).first('used_at');
  return { state: used_at ? 'reused' : 'ended' };
}

/** Which tokens of an application end. */
export interface WhichTokens {
  application_id: number;
  /** Those of one grant, and the grant itself. */
  grant_id?: number;
  /** This one alone, without its grant. */
  id?: number;
  /** Those that came of this grant, with the grants themselves. */
  grant_type?: GrantType;
}

/** @returns hashes of the access tokens that were good until now */
export async function endTokens(db: Knex.Transaction, which: WhichTokens, reason: string): Promise<string[]> {
  const { application_id, grant_id, id, grant_type } = which;
  const grants = db('oauth_grants').where({
    application_id,
    ...(grant_id === undefined ? {} : { id: grant_id }),
    ...(grant_type === undefined ? {} : { grant_type }),
  });
  if (id === undefined) {
    await grants.clone().whereNull('ended_at').update({ ended_at: db.fn.now(), end_reason: reason });
  }
  const tokens = db('oauth_tokens').where({ application_id }).whereNull('revoked_at');
  if (id !== undefined) tokens.where({ id });
  if (grant_id !== undefined) tokens.where({ grant_id });
  if (grant_type === 'client_credentials') tokens.whereNull('grant_id');
  else if (grant_type !== undefined) tokens.whereIn('grant_id', grants.select('id'));
  return goodUntilNow(await tokens.update({ revoked_at: db.fn.now() }).returning(STILL_GOOD(db)));
}

const STILL_GOOD = (db: Knex) =>
  ['token_hash', db.raw("kind = 'access' and expires_at > now() as good")] as never[];

const goodUntilNow = (ended: { token_hash: string; good: boolean }[]) =>
  ended.filter(({ good }) => good).map(({ token_hash }) => token_hash);

/** Takes from codes and tokens of an application what it may not do any more. @returns hashes of the access tokens that lost something */
export async function narrowTokens(
  db: Knex.Transaction,
  applicationId: number,
  scopes: readonly Scope[],
): Promise<string[]> {
  const kept = `array(select scope from unnest(scopes) as scope where scope = any(cast(:scopes as text[])))`;
  const losing = `application_id = :id and not scopes <@ cast(:scopes as text[])`;
  const values = { id: applicationId, scopes: [...scopes] };
  await db.raw(`update oauth_grants set scopes = ${kept} where ${losing}`, values);
  await db.raw(
    `update oauth_consents set scopes = array(
       select scope from unnest(scopes) as scope where scope = any(cast(:kept as text[]))
     ) where application_id = :id`,
    { id: applicationId, kept: [...IDENTITY_SCOPES, ...scopes] },
  );
  const { rows } = await db.raw(
    `update oauth_tokens set scopes = ${kept} where ${losing} and revoked_at is null
     returning token_hash, kind = 'access' and expires_at > now() as good`,
    values,
  );
  return goodUntilNow(rows);
}

interface ApplicationWithGrant {
  id: number;
  client_id: string;
  /** In which the grant acts. */
  organization_id: number;
  grant_id: number;
}

const liveGrants = (db: Knex) =>
  db('oauth_grants as g')
    .join('oauth_applications as a', 'a.id', 'g.application_id')
    .whereNull('ended_at')
    .select('a.id', 'a.client_id', 'g.organization_id', 'g.id as grant_id');

/** Applications with grants of a user, in one organization or in all. */
export async function applicationsWithGrants(
  db: Knex,
  { user_id, organization_id }: Pick<Holder, 'user_id'> & Partial<Holder>,
): Promise<ApplicationWithGrant[]> {
  const found = liveGrants(db).where({ user_id });
  if (organization_id !== undefined) found.where({ 'g.organization_id': organization_id });
  return found;
}

/** Those that registered themselves without a token, with grants of anybody in an organization. */
export async function openClientsIn(db: Knex, organizationId: number): Promise<ApplicationWithGrant[]> {
  return liveGrants(db).where({ 'g.organization_id': organizationId }).whereNull('a.organization_id');
}

/** Grants that were approved in a session and have not ended, with the applications that have them. */
export async function grantsOfSession(
  db: Knex,
  sessionId: number,
): Promise<{ id: number; client_id: string; organization_id: number; grant_id: number }[]> {
  return db('oauth_grants as g')
    .join('oauth_applications as a', 'a.id', 'g.application_id')
    .where({ 'g.session_id': sessionId })
    .whereNull('ended_at')
    .select('a.id', 'a.client_id', 'g.organization_id', 'g.id as grant_id');
}

/** Hashes of the access tokens that act for a user and may be in use. */
export async function hashesInUse(db: Knex, userId: number): Promise<string[]> {
  return db('oauth_tokens')
    .where({ user_id: userId, kind: 'access' })
    .whereNull('revoked_at')
    .where('expires_at', '>', db.fn.now())
    .pluck('token_hash');
}

export interface TokenStanding {
  token_id: number;
  user_id: number | null;
  client_id: string;
  organization_id: number;
  bound: true;
  scopes: Scope[];
  key_thumbprint: string | null;
  sso_organization_id: number | null;
  created_at: Date;
  expires_at: Date;
  state: 'active' | 'suspended' | 'revoked';
}

/** What an access token may do, for who decides; it acts in the organization of its application only. */
export async function tokenStanding(db: Knex, hash: string): Promise<TokenStanding | undefined> {
  const { rows } = await db.raw(
    `select t.id as token_id, t.user_id, a.client_id,
       coalesce(g.organization_id, a.organization_id) as organization_id, true as bound, t.scopes,
       t.key_thumbprint, g.sso_organization_id, t.created_at, t.expires_at,
       case when t.revoked_at is not null or g.ended_at is not null or a.status <> 'active' then 'revoked'
         when u.disabled_at is not null then 'suspended' else 'active' end as state
     from oauth_tokens t
       join oauth_applications a on a.id = t.application_id
       left join oauth_grants g on g.id = t.grant_id
       left join users u on u.id = t.user_id
     where t.token_hash = :hash and t.kind = 'access'`,
    { hash },
  );
  return rows[0];
}

/** What an access token that acts for a user may tell of them, while it is good. */
export async function identityOfToken(
  db: Knex,
  hash: string,
): Promise<Pick<Grant, 'scopes' | 'claims'> | undefined> {
  return db('oauth_tokens as t')
    .join('oauth_grants as g', 'g.id', 't.grant_id')
    .where({ 't.token_hash': hash, 't.kind': 'access' })
    .where('t.expires_at', '>', db.fn.now())
    .whereNull('t.revoked_at')
    .whereNull('g.ended_at')
    .first(db.raw(ALL_SCOPES('t')), 'g.claims');
}

/** A token as its client may be told of it. Times in seconds since 1970. */
export interface TokenFacts {
  kind: 'access' | 'refresh';
  scopes: GrantedScope[];
  /** Null for one that stands for the application itself. */
  user_id: number | null;
  key_thumbprint: string | null;
  issued_at: number;
  expires_at: number;
}

/** A token of the application that is good now, of a user who may sign in. */
export async function goodToken(
  db: Knex,
  { id: applicationId, organization_id: organizationId }: { id: number; organization_id: number },
  hash: string,
): Promise<TokenFacts | undefined> {
  const { refresh } = await lifetimesIn(db, organizationId);
  const { rows } = await db.raw(
    `select kind, ${ALL_SCOPES('token')}, user_id, key_thumbprint, floor(extract(epoch from created_at))::bigint as issued_at,
       floor(extract(epoch from ends_at))::bigint as expires_at
     from (
       select t.*, case when t.kind = 'refresh'
         then least(t.expires_at, t.created_at + :refresh * interval '1 second') else t.expires_at end as ends_at
       from oauth_tokens t
         left join oauth_grants g on g.id = t.grant_id
         left join users u on u.id = t.user_id
       where t.token_hash = :hash and t.application_id = :applicationId
         and t.revoked_at is null and t.used_at is null and g.ended_at is null and u.disabled_at is null
     ) as token
     where ends_at > now()`,
    { hash, applicationId, refresh },
  );
  return rows[0];
}

/** Used refresh tokens stay until they would have expired: so that a second use is known for one. */
export async function forgetEndedTokens(db: Knex): Promise<void> {
  await db('oauth_tokens').whereRaw("expires_at < now() - interval '1 day'").delete();
  await db('oauth_grants as g')
    .whereRaw("code_expires_at < now() - interval '1 day'")
    .whereNotExists(db('oauth_tokens as t').whereRaw('t.grant_id = g.id').select(db.raw('1')))
    .delete();
}
