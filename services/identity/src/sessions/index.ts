import { ofMember, type PersonalData, type Resources, type Schedule } from '@rivergate/service';
import { sessions } from '../../migrations/0002_sessions.ts';
import { indexesOfReferences } from '../../migrations/0046_indexes_of_references.ts';
import { whatSessionsMade } from '../../migrations/0047_what_sessions_made.ts';
import type { IdentityTools } from '../endpoint.ts';
import { listMemberSessions } from './list-member-sessions.ts';
import { listSessions } from './list-sessions.ts';
import { logout } from './logout.ts';
import { logoutAll } from './logout-all.ts';
import { refresh } from './refresh.ts';
import { dropTokensOfExpiredSessions } from './refresh-token-store.ts';
import { revokeMemberSession } from './revoke-member-session.ts';
import { revokeSession } from './revoke-session.ts';
import { sessionState } from './session-state.ts';
import { sessionsInDeletedWorkspaces } from './sessions-in-deleted-workspaces.ts';
import { sessionsOfRemovedMembers } from './sessions-of-removed-members.ts';
import { switchSession } from './switch-session.ts';

export const tag = 'Sessions';
export const endpoints = [
  listSessions,
  revokeSession,
  refresh,
  logout,
  logoutAll,
  sessionState,
  switchSession,
  listMemberSessions,
  revokeMemberSession,
];
export const migrations = [sessions, indexesOfReferences, whatSessionsMade];
export const consumers = (tools: Resources) => [sessionsOfRemovedMembers(tools), sessionsInDeletedWorkspaces];
export const schedules: Schedule<IdentityTools>[] = [
  { name: 'drop spent refresh tokens', every: 3_600, run: ({ knex }) => dropTokensOfExpiredSessions(knex) },
];

const sessionData = ofMember(
  'sessions',
  [
    'id',
    'organization_id',
    'authentication_methods',
    'ip_address',
    'user_agent',
    'created_at',
    'last_activity_at',
    'expires_at',
    'revoked_at',
    'revoke_reason',
  ],
  { pagedBy: 'id', restricted: true },
);

/** A session is the user's: an organization sees those that act in it, and has none of them erased. */
export const personalData: PersonalData[] = [
  {
    ...sessionData,
    erase: async ({ db }, subject) => {
      if (subject.organizationId === null) await sessionData.rows(db, subject)?.delete();
    },
  },
];
