import type { Knex } from 'knex';
import type { GrantType } from '../oauth-applications/application.ts';
import { endsAt } from '../sessions/session-limits.ts';
import { ALL_SCOPES, type GrantedScope, identityOf, rightsOf } from './scope.ts';

/** Seconds for which a code can be exchanged (RFC 6749, section 4.1.2). */
const CODE_SECONDS = 600;

export interface Grant {
  id: number;
  application_id: number;
  user_id: number;
  /** In which its tokens act. */
  organization_id: number;
  /** RFC 8707; null: the API. */
  resource: string | null;
  /** Of the user when they approved; null once it is forgotten. */
  session_id: number | null;
  /** Whose identity provider opened that session. */
  sso_organization_id: number | null;
  authenticated_at: Date;
  /** RFC 8176 */
  authentication_methods: string[];
  /** Whether that session has ended, or is forgotten. */
  session_over: boolean;
  scopes: GrantedScope[];
  /** What the ID token repeats of the request (OpenID Connect Core 1.0, section 2). */
  nonce: string | null;
  acr: string | null;
  claims: RequestedClaims | null;
  /** What the application got it by: a code of a redirect, or that of a device. */
  grant_type: Exclude<GrantType, 'client_credentials'>;
  /** Null for a device, which nobody is led back to. */
  redirect_uri: string | null;
  code_challenge: string | null;
  /** Of the key that the code is bound to (RFC 9449, section 10). */
  key_thumbprint: string | null;
  /** Whether the code is of no use any more. */
  code_used: boolean;
  code_expired: boolean;
}

/** Names of claims that a client asked for one by one (OpenID Connect Core 1.0, section 5.5). */
export interface RequestedClaims {
  id_token: string[];
  userinfo: string[];
}

export type NewGrant = Pick<
  Grant,
  | 'application_id'
  | 'organization_id'
  | 'resource'
  | 'session_id'
  | 'scopes'
  | 'grant_type'
  | 'redirect_uri'
  | 'code_challenge'
  | 'key_thumbprint'
> &
  Partial<Pick<Grant, 'nonce' | 'acr' | 'claims'>> & { code_hash: string };

/** A grant by the user of a session, with how and when that one was authenticated. */
export async function insertGrant(db: Knex, { scopes, claims, ...grant }: NewGrant): Promise<number> {
  const session = db('sessions').where({ id: grant.session_id });
  const [inserted] = await db('oauth_grants')
    .insert({
      ...grant,
      scopes: rightsOf(scopes),
      identity_scopes: identityOf(scopes),
      claims: claims ? JSON.stringify(claims) : null,
      user_id: session.clone().select('user_id'),
      sso_organization_id: session.clone().select('sso_organization_id'),
      authenticated_at: session.clone().select('authenticated_at'),
      authentication_methods: session.clone().select('authentication_methods'),
      code_expires_at: db.raw(`now() + ${CODE_SECONDS} * interval '1 second'`),
    })
    .returning('id');
  return inserted.id;
}

/** Which user a code or a refresh token acts for, and in which organization. */
export interface Holder {
  user_id: number;
  organization_id: number;
}

export async function holderOfCode(db: Knex, codeHash: string): Promise<Holder | undefined> {
  return db('oauth_grants').where({ code_hash: codeHash }).first('user_id', 'organization_id');
}

/**
 * The grant of an application, to the end of the transaction: of those who exchange, refresh and end it, one works at a
 * time. Of a user who is suspended there is none.
 */
export async function holdGrant(
  db: Knex.Transaction,
  which: { application_id: number } & ({ code_hash: string } | { id: number }),
): Promise<Grant | undefined> {
  const named = Object.fromEntries(Object.entries(which).map(([column, value]) => [`g.${column}`, value]));
  return db('oauth_grants as g')
    .join('users as u', 'u.id', 'g.user_id')
    .leftJoin('sessions', 'sessions.id', 'g.session_id')
    .where(named)
    .whereNull('g.ended_at')
    .whereNull('u.disabled_at')
    .forUpdate('g')
    .first(
      'g.id',
      'g.application_id',
      'g.user_id',
      'g.organization_id',
      'g.resource',
      'g.session_id',
      'g.sso_organization_id',
      'g.authenticated_at',
      'g.authentication_methods',
      db.raw(`coalesce(sessions.revoked_at is not null or ${endsAt()} <= now(), true) as session_over`),
      db.raw(ALL_SCOPES('g')),
      'g.nonce',
      'g.acr',
      'g.claims',
      'g.grant_type',
      'g.redirect_uri',
      'g.code_challenge',
      'g.key_thumbprint',
      db.raw('g.code_used_at is not null as code_used'),
      db.raw('g.code_expires_at <= now() as code_expired'),
    );
}

/** @returns whether it was this who used it */
export async function useCode(db: Knex, id: number): Promise<boolean> {
  const used = await db('oauth_grants')
    .where({ id })
    .whereNull('code_used_at')
    .update({ code_used_at: db.fn.now() });
  return used === 1;
}

/** Codes of redirects that nobody has used yet, with where they would lead to. */
export async function openCodes(
  db: Knex,
  applicationId: number,
): Promise<{ id: number; redirect_uri: string }[]> {
  return db('oauth_grants')
    .where({ application_id: applicationId, grant_type: 'authorization_code' })
    .whereNull('code_used_at')
    .whereNull('ended_at')
    .select('id', 'redirect_uri');
}

/**
 * Whether a grant is good no longer because its user has signed out: one that signs somebody in lasts as long as the
 * session in which it was approved, unless it may act while the user is away (OpenID Connect Core 1.0, section 11). One
 * without `openid` signs nobody in.
 */
export function endedBySignOut({ scopes, session_over }: Pick<Grant, 'scopes' | 'session_over'>): boolean {
  return session_over && scopes.includes('openid') && !scopes.includes('offline_access');
}

/**
 * Grants that were approved in these sessions, with their applications.
 *
 * @param all also those that outlive the session, because it may not have been their user who approved
 */
export async function grantsOfSessions(
  db: Knex,
  sessionIds: readonly number[],
  { all }: { all: boolean },
): Promise<{ id: number; client_id: string; organization_id: number; grant_id: number }[]> {
  const grants = db('oauth_grants as g')
    .join('oauth_applications as a', 'a.id', 'g.application_id')
    .whereIn('g.session_id', sessionIds)
    .whereNull('g.ended_at');
  if (!all)
    grants.whereRaw("'openid' = any(g.identity_scopes) and not 'offline_access' = any(g.identity_scopes)");
  return grants.select('a.id', 'a.client_id', 'g.organization_id', 'g.id as grant_id');
}

/** Grants of a user to an application that have not ended. */
export async function grantsFor(
  db: Knex,
  { application_id, user_id }: Pick<Grant, 'application_id' | 'user_id'>,
): Promise<number[]> {
  return db('oauth_grants').where({ application_id, user_id }).whereNull('ended_at').pluck('id');
}
