import type { Knex } from 'knex';
import { omitsSecondFactor } from '../second-factors/has-second-factor.ts';
import { MUST_ENROL } from '../second-factors/must-enrol.ts';
import { ON_TRUSTED_DEVICE } from '../trusted-devices/device-store.ts';
import { endsAt, organizationLimit } from './session-limits.ts';

/** A session as far as its tokens tell of it. */
export interface Session {
  id: number;
  user_id: number;
  organization_id: number | null;
  workspace_id: number | null;
  /** RFC 8176, e.g. `pwd`. */
  authentication_methods: string[];
  authenticated_at: Date;
  /** Whether the account had a second factor then, which that authentication did without. */
  second_factor_omitted: boolean;
  expires_at: Date;
  /** Longest life of its access tokens, where its organization sets one. */
  access_token_seconds: number | null;
  /** Who acts in it in the name of its user, where somebody does. */
  impersonator_id: number | null;
  /** Whose identity provider opened it, where one did: it acts in that organization alone. */
  sso_organization_id: number | null;
}

/** An administrator who acts in a session in the name of its user. */
export interface Impersonator {
  id: number;
  display_name: string;
}

/** A session as its owner sees it. */
export interface SessionEntry {
  id: number;
  user_id: number;
  ip_address: string | null;
  user_agent: string | null;
  created_at: Date;
  last_activity_at: Date;
  expires_at: Date;
  revoked_at: null;
  impersonator: Impersonator | null;
}

const SHORT_SESSION_SECONDS = 86_400;
const REMEMBERED_SESSION_SECONDS = 30 * 86_400;
/** Columns of a Session, in a statement on `sessions`. */
export const OF_A_TOKEN = `sessions.id, sessions.user_id, sessions.organization_id, sessions.workspace_id,
  sessions.authentication_methods, sessions.authenticated_at, sessions.second_factor_omitted, sessions.impersonator_id,
  sessions.sso_organization_id,
  ${endsAt()} as expires_at,
  ${organizationLimit('access_token_seconds')} as access_token_seconds`;

export interface OpenSession {
  userId: number;
  /** The hash that the password was checked against: when it has changed since, no session opens. */
  passwordHash?: string;
  /** Null leaves organization and workspace to the ones last used. */
  place: { organization_id: number | null; workspace_id: number | null } | null;
  /** The session in which was made what this one is opened by, where it is not the password. */
  openedThrough?: number | null;
  /** The device whose trust stood in for a second factor. */
  trustedDeviceId?: number | null;
  methods: string[];
  rememberMe: boolean;
  refreshTokenHash: string;
  ip: string | null;
  userAgent: string | null;
  /** The sign-in at an organization's identity provider that opens it. */
  sso?: { organizationId: number; providerId: number; loginId: string; endsAt: Date | null };
}

/**
 * SQL: whether the provider of an organization says who it is, and the account is not that organization's. For what matters to
 * the account as a whole, its user has to prove it to the platform.
 */
const VOUCHED_BY_A_STRANGER = `(cast(:ssoOrganization as bigint) is not null
  and account.managed_by is distinct from cast(:ssoOrganization as bigint))`;

/**
 * Opens a session with its first refresh token, and notes the login and its place at the user.
 *
 * @returns undefined when the account was suspended, or its password changed, in the meantime
 */
export async function openSession(db: Knex, open: OpenSession): Promise<Session | undefined> {
  const { rows } = await db.raw(
    `with account as (
       update users set
         last_login_at = now(),
         last_organization_id = case when :placed then cast(:organization as bigint) else last_organization_id end,
         last_workspace_id = case when :placed then cast(:workspace as bigint) else last_workspace_id end
       where id = :user and disabled_at is null and (cast(:passwordHash as text) is null or password_hash = :passwordHash)
       returning id, last_organization_id, last_workspace_id, password_session_id, managed_by
     ), opened as (
       insert into sessions
         (user_id, organization_id, workspace_id, authentication_methods, second_factor_omitted, remember_me, ip_address,
           user_agent, expires_at, opened_through, trusted_device_id, sso_organization_id, sso_provider_id, sso_login_id)
       select id, last_organization_id, last_workspace_id, cast(:methods as text[]),
         ${omitsSecondFactor('cast(:methods as text[])', 'account.id')} or ${VOUCHED_BY_A_STRANGER},
         cast(:rememberMe as boolean), cast(:ip as text), cast(:userAgent as text),
         least(now() + :seconds * interval '1 second', cast(:endsAt as timestamptz)),
         coalesce(cast(:openedThrough as bigint),
           case when 'pwd' = any (cast(:methods as text[])) and cast(:ssoLogin as text) is null
             then account.password_session_id end),
         cast(:trustedDevice as bigint),
         cast(:ssoOrganization as bigint), cast(:ssoProvider as bigint), cast(:ssoLogin as text)
       from account
       returning ${OF_A_TOKEN}
     ), minted as (
       insert into refresh_tokens (token_hash, session_id) select :tokenHash, id from opened
     )
     select * from opened`,
    {
      user: open.userId,
      passwordHash: open.passwordHash ?? null,
      placed: open.place !== null,
      organization: open.place?.organization_id ?? null,
      workspace: open.place?.workspace_id ?? null,
      methods: open.methods,
      openedThrough: open.openedThrough ?? null,
      trustedDevice: open.trustedDeviceId ?? null,
      rememberMe: open.rememberMe,
      ip: open.ip,
      userAgent: open.userAgent,
      seconds: open.rememberMe ? REMEMBERED_SESSION_SECONDS : SHORT_SESSION_SECONDS,
      tokenHash: open.refreshTokenHash,
      endsAt: open.sso?.endsAt ?? null,
      ssoOrganization: open.sso?.organizationId ?? null,
      ssoProvider: open.sso?.providerId ?? null,
      ssoLogin: open.sso?.loginId ?? null,
    },
  );
  return rows[0];
}

/**
 * Puts the session, and the user's next login, into an organization and workspace. The limit of the organization it
 * leaves stays with it.
 *
 * @returns undefined when it has ended, is older than a session may get in that organization, or was opened by the identity
 *   provider of another one
 */
export async function placeSession(
  db: Knex,
  session: { id: number; user_id: number },
  place: { organization_id: number; workspace_id: number | null },
): Promise<Session | undefined> {
  const { rows } = await db.raw(
    `with placed as (
       update sessions set organization_id = :organization, workspace_id = :workspace, expires_at = ${endsAt()}
       where id = :session and user_id = :user and revoked_at is null
         and ${endsAt()} > now() and ${endsAt(':organization')} > now()
         and coalesce(sso_organization_id = :organization, true)
       returning ${OF_A_TOKEN}
     ), account as (
       update users set last_organization_id = :organization, last_workspace_id = :workspace
       from placed where users.id = placed.user_id
     )
     select * from placed`,
    {
      session: session.id,
      user: session.user_id,
      organization: place.organization_id,
      workspace: place.workspace_id,
    },
  );
  return rows[0];
}

/**
 * Notes that the user of a session was authenticated anew.
 *
 * @param authentication.methods RFC 8176
 * @param authentication.beside whether it adds to what the session was opened by, and does not stand for itself
 * @returns undefined when the session has ended
 */
export async function reauthenticateSession(
  db: Knex,
  session: { id: number; user_id: number },
  { methods, beside }: { methods: readonly string[]; beside: boolean },
): Promise<Session | undefined> {
  const all = `case when :beside
    then array(select distinct unnest(sessions.authentication_methods || cast(:methods as text[])))
    else cast(:methods as text[]) end`;
  const { rows } = await db.raw(
    `update sessions set authenticated_at = now(), authentication_methods = ${all},
       second_factor_omitted = ${omitsSecondFactor('cast(:methods as text[])', 'sessions.user_id')}
     where id = :session and user_id = :user and revoked_at is null and ${endsAt()} > now()
     returning ${OF_A_TOKEN}`,
    { session: session.id, user: session.user_id, methods: [...methods], beside },
  );
  return rows[0];
}

/** For a column that names the session in which something is made: null where it is none, or forgotten. */
export const madeIn = (db: Knex, sessionId: number | null) =>
  db('sessions').where({ id: sessionId }).select('id');

/** Whether the user of a session has said that somebody else opened it, and so ended it. */
export async function isDisowned(db: Knex, sessionId: number): Promise<boolean> {
  const found = await db('sessions').where({ id: sessionId, revoke_reason: 'disowned' }).first('id');
  return found !== undefined;
}

/** A session, and those that were opened by what was made in it, or in one of these. */
export async function sessionsThrough(db: Knex, sessionId: number): Promise<number[]> {
  const { rows } = await db.raw(
    `with recursive through as (
       select cast(:session as bigint) as id
       union select sessions.id from sessions join through on sessions.opened_through = through.id
     ) select id from through order by id`,
    { session: sessionId },
  );
  return rows.map(({ id }: { id: number }) => id);
}

/** Sessions that have not ended, without columns and order. */
function active(db: Knex): Knex.QueryBuilder {
  return db('sessions').whereNull('sessions.revoked_at').whereRaw(`${endsAt()} > now()`);
}

/** SQL, for statements on `sessions`: who acts in one in the name of its user. */
const IMPERSONATOR = `(select jsonb_build_object('id', id, 'display_name', display_name)
  from users where users.id = sessions.impersonator_id) as impersonator`;

/** Active sessions in which an organization is the active one, without columns and order. */
export function sessionsIn(db: Knex, organizationId: number): Knex.QueryBuilder {
  return active(db).where({ 'sessions.organization_id': organizationId });
}

/** Columns of a session as administrators see it. */
export const shownToAdministrators = (db: Knex) => [
  'sessions.id',
  'sessions.ip_address',
  'sessions.user_agent',
  'sessions.authentication_methods',
  'sessions.created_at',
  'sessions.last_activity_at',
  db.raw(`${endsAt()} as expires_at`),
  db.raw(IMPERSONATOR),
];

/** Active sessions of a user, the given one first, then by activity. */
export async function activeSessions(
  db: Knex,
  userId: number,
  currentId: number | null,
): Promise<SessionEntry[]> {
  return active(db)
    .select(
      'id',
      'user_id',
      'ip_address',
      'user_agent',
      'created_at',
      'last_activity_at',
      db.raw(`${endsAt()} as expires_at`),
      'revoked_at',
      db.raw(IMPERSONATOR),
    )
    .where({ user_id: userId })
    .orderByRaw('id is not distinct from ? desc, last_activity_at desc, id desc', [currentId]);
}

/** How far back an account's use of a network counts. */
const USUAL_DAYS = 90;

/** IP addresses at which sessions of a user were opened of late, the latest first; at most 200. */
export async function addressesOfSessions(db: Knex, userId: number): Promise<string[]> {
  return db('sessions')
    .where({ user_id: userId, impersonator_id: null })
    .whereNotNull('ip_address')
    .where('created_at', '>', db.raw("now() - ? * interval '1 day'", [USUAL_DAYS]))
    .groupBy('ip_address')
    .orderByRaw('max(created_at) desc')
    .limit(200)
    .pluck('ip_address');
}

/** Whether something can be allowed in an organization by a session: not where another one's identity provider opened it. */
export async function reachesOrganization(
  db: Knex,
  sessionId: number,
  organizationId: number,
): Promise<boolean> {
  const found = await db('sessions')
    .where({ id: sessionId })
    .whereRaw('coalesce(sso_organization_id = ?, true)', [organizationId])
    .first('id');
  return found !== undefined;
}

/** From where, and with what, a session was opened. */
export interface Place {
  ip_address: string | null;
  user_agent: string | null;
  created_at: Date;
}

/**
 * The place of a session, and networks and programs from which sessions of its user were opened of late before it; the latest
 * 200 pairs.
 *
 * @returns undefined where there is no such session
 */
export async function placesUntil(
  db: Knex,
  userId: number,
  sessionId: number,
): Promise<{ session: Place; earlier: Place[] } | undefined> {
  const { rows } = await db.raw(
    `(select true as is_this, ip_address, user_agent, created_at from sessions where id = :session)
     union all
     (select false, ip_address, user_agent, max(created_at) from sessions
      where user_id = :user and impersonator_id is null and id < :session
        and created_at > now() - :days * interval '1 day'
      group by ip_address, user_agent
      order by max(created_at) desc limit 200)`,
    { session: sessionId, user: userId, days: USUAL_DAYS },
  );
  const places: (Place & { is_this: boolean })[] = rows;
  const session = places.find(({ is_this }) => is_this);
  return session && { session, earlier: places.filter(({ is_this }) => !is_this) };
}

export async function countActiveSessions(db: Knex, userId: number): Promise<number> {
  const [row] = await active(db).where({ user_id: userId }).count('* as count');
  return Number(row!.count);
}

/**
 * Sessions of one user: all of them, or the one, or those in which an organization is the active one. Or one in which an
 * organization is the active one, whosever it is. Or those that are older than an organization lets them get, in which
 * it is the active one. Or those that an identity provider of an organization opened, or one sign-in there.
 */
export type WhichSessions =
  | { userId: number; sessionId?: number; organizationId?: number }
  | { sessionId: number; organizationId: number; userId?: undefined }
  | { organizationId: number; userId?: undefined; sessionId?: undefined }
  | { overdueIn: number }
  | {
      sso:
        | { organizationId: number; providerId: number }
        | { organizationId: number; userId: number; loginId: string };
    };

/** With the sign-in that opened it, where it was one at an organization's identity provider. */
export interface EndedSession {
  id: number;
  user_id: number;
  sso_organization_id: number | null;
  sso_provider_id: number | null;
  sso_login_id: string | null;
}

/**
 * Marks sessions as ended and answers which ones were active until now. One that is only kept from going on by its
 * organization's limit counts as active: the limit may be taken away again.
 */
export async function revokeActiveSessions(
  db: Knex,
  which: WhichSessions,
  reason: string,
): Promise<EndedSession[]> {
  return db('sessions')
    .modify(sessions => {
      if ('overdueIn' in which) {
        sessions.where({ organization_id: which.overdueIn }).whereRaw(`${endsAt()} <= now()`);
        return;
      }
      if ('sso' in which) {
        sessions.where({ sso_organization_id: which.sso.organizationId });
        if ('providerId' in which.sso) sessions.where({ sso_provider_id: which.sso.providerId });
        else sessions.where({ user_id: which.sso.userId, sso_login_id: which.sso.loginId });
        return;
      }
      const { userId, sessionId, organizationId } = which;
      if (userId !== undefined) sessions.where({ user_id: userId });
      if (sessionId !== undefined) sessions.where({ id: sessionId });
      if (organizationId !== undefined) sessions.where({ organization_id: organizationId });
    })
    .whereNull('revoked_at')
    .where('expires_at', '>', db.fn.now())
    .update({ revoked_at: db.fn.now(), revoke_reason: reason })
    .returning(['id', 'user_id', 'sso_organization_id', 'sso_provider_id', 'sso_login_id']);
}

/** What the gateway decides by. */
export interface SessionState {
  session_id: number;
  user_id: number;
  active: boolean;
  is_system_admin: boolean;
  must_enrol: boolean;
  device_trusted: boolean;
}

/** State of a session for the gateway, which asks once a minute while it is in use: so this counts as activity. */
export async function touchSession(db: Knex, sessionId: number): Promise<SessionState | undefined> {
  const { rows } = await db.raw(
    `with touched as (
       update sessions set last_activity_at = now()
       where id = :session and revoked_at is null and ${endsAt()} > now()
         and last_activity_at < now() - interval '20 seconds'
     )
     select sessions.id as session_id, user_id, users.is_system_admin and impersonator_id is null and sso_organization_id is null as is_system_admin,
       revoked_at is null and ${endsAt()} > now() and users.disabled_at is null
         and impersonators.disabled_at is null as active,
       ${MUST_ENROL} as must_enrol, ${ON_TRUSTED_DEVICE} as device_trusted
     from sessions join users on users.id = sessions.user_id
       left join users as impersonators on impersonators.id = sessions.impersonator_id
     where sessions.id = :session`,
    { session: sessionId },
  );
  return rows[0];
}
