import {
  AccountElsewhere,
  BreakGlassRequired,
  createSsoLogin,
  endSsoSessions,
  FormerMember,
  findAccount,
  LastAdministrator,
  logOutSession,
  MOST_MEMBERS,
  memberSecurity,
  provenSignIns,
  provisionMember,
  requireRolesHandedOut,
  setProvisionedRoles,
  setSsoRequirement,
  ssoLoginOfSession,
  UserNotFound,
} from '@rivergate/contracts';
import { type CallInput, type Endpoint, endpoints, Forbidden } from '@rivergate/endpoint';
import { oneTimeToken } from '@rivergate/secrets';

interface Account {
  user_id: number;
  email: string;
  display_name: string;
  /** Null for one that its user has made. */
  managed_by: number | null;
}

/** What identity and organization are asked, answered from memory by the rules that they have. */
export function fleetStandIn() {
  const accounts = new Map<number, Account>();
  const byAddress = (email: string) => [...accounts.values()].find(account => account.email === email);
  const membership = (organizationId: number, userId: number) => `${organizationId} ${userId}`;
  const state = {
    accounts,
    members: new Map<string, 'active' | 'suspended' | 'removed'>(),
    /** Codes by what they were made of. */
    logins: [] as (CallInput<typeof createSsoLogin>['body'] & { code: string })[],
    /** Which login opened a session; a session that is over is in none. */
    sessions: new Map<number, string>(),
    /** Logins whose sessions sso has had ended, each time. */
    ended: [] as string[],
    /** The last ones of each user. */
    roles: new Map<number, CallInput<typeof setProvisionedRoles>['body']['roles']>(),
    lastAdministrators: new Set<number>(),
    /** Who has signed in by two factors of late. */
    proven: new Set<number>(),
    /** Who is no active administrator, whatever they say. */
    demoted: new Set<number>(),
    /** What organizations were told last, each time. */
    requirements: [] as CallInput<typeof setSsoRequirement>['body']['requirement'][],
    /** Roles that nobody can hand out. */
    powerful: new Set<number>(),
    account(email: string, managed_by: number | null = null): Account {
      const user_id = 100 + accounts.size;
      const account = { user_id, email, display_name: email, managed_by };
      accounts.set(user_id, account);
      return account;
    },
    setMember(organizationId: number, userId: number, status: 'active' | 'suspended' | 'removed') {
      state.members.set(membership(organizationId, userId), status);
    },
  };
  const endpoint = endpoints();

  const organization: Endpoint[] = [
    endpoint(provisionMember, async ({ params: { organization_id }, body }) => {
      const known = body.user_id === null ? byAddress(body.email) : accounts.get(body.user_id);
      if (body.user_id !== null && !known) throw UserNotFound();
      const status = known && state.members.get(membership(organization_id, known.user_id));
      if (status === 'removed') throw FormerMember();
      if (known && body.user_id === null && known.managed_by !== organization_id) throw AccountElsewhere();
      const account = known ?? state.account(body.email, organization_id);
      if (status === undefined) state.setMember(organization_id, account.user_id, 'active');
      return {
        user_id: account.user_id,
        email: account.email,
        display_name: body.display_name ?? account.display_name,
        active: status !== 'suspended',
        managed: account.managed_by === organization_id,
        made: known ? (status ? ('nothing' as const) : ('membership' as const)) : ('account' as const),
      };
    }),
    endpoint(setProvisionedRoles, async ({ params: { user_id }, body: { roles } }) => {
      if (state.lastAdministrators.has(user_id)) throw LastAdministrator();
      const before = state.roles.get(user_id)?.length ?? 0;
      state.roles.set(user_id, roles);
      return { given: roles.length, withdrawn: before };
    }),
    endpoint(setSsoRequirement, async ({ body: { requirement } }) => {
      if (requirement?.break_glass_user_ids.some(userId => state.demoted.has(userId)))
        throw BreakGlassRequired();
      return { revision: state.requirements.push(requirement) };
    }),
    endpoint(requireRolesHandedOut, async ({ body }) => {
      if (body.roles.some(({ role_id }) => state.powerful.has(role_id))) throw Forbidden();
    }),
  ] as never;
  const identity: Endpoint[] = [
    endpoint(createSsoLogin, async ({ body }) => {
      const code = oneTimeToken();
      state.logins.push({ ...body, code });
      return { code, expires_in: 60 };
    }),
    endpoint(ssoLoginOfSession, async ({ caller: { sessionId } }) => {
      const loginId = state.sessions.get(sessionId);
      const login = state.logins.find(({ login_id }) => login_id === loginId);
      if (!login) return { login: null };
      const { organization_id, provider_id, login_id } = login;
      return { login: { organization_id, provider_id, login_id } };
    }),
    endpoint(logOutSession, async ({ caller: { sessionId } }) => ({
      ended: state.sessions.delete(sessionId),
    })),
    endpoint(endSsoSessions, async ({ body: { logins } }) => {
      state.ended.push(...logins.map(({ login_id }) => login_id));
    }),
    endpoint(memberSecurity, async ({ params: { organization_id }, body }) => {
      const isAsked = (userId: number) => body.user_ids === null || body.user_ids.includes(userId);
      const found = [...accounts.values()].filter(
        ({ user_id }) =>
          user_id > body.after &&
          isAsked(user_id) &&
          state.members.get(membership(organization_id, user_id)) === 'active',
      );
      return {
        members: found.slice(0, MOST_MEMBERS).map(({ user_id, email, display_name }) => ({
          user_id,
          email,
          display_name,
          mfa_enabled: state.proven.has(user_id),
          last_login_at: null,
        })),
      };
    }),
    endpoint(provenSignIns, async ({ body }) => ({
      user_ids: body.user_ids.filter(userId => state.proven.has(userId)),
    })),
    endpoint(findAccount, async ({ body }) => {
      const account = body.email === undefined ? accounts.get(body.user_id!) : byAddress(body.email);
      if (!account) throw UserNotFound();
      return { ...account, verified: true };
    }),
  ] as never;
  return { ...state, peers: { organization, identity } };
}

export type FleetStandIn = ReturnType<typeof fleetStandIn>;
