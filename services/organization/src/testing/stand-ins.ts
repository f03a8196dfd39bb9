import {
  AccountVerified,
  changeManagedAccount,
  createAccount,
  EmailTaken,
  findAccount,
  identityUsage,
  NotManaged,
  personalDataOf,
  SessionNotFound,
  sessionState,
  switchSession,
  UserNotFound,
  vouchForAccount,
  withdrawAccount,
} from '@rivergate/contracts';
import { type Endpoint, endpoints, stream } from '@rivergate/endpoint';

const endpoint = endpoints();

/** An identity that remembers what it was asked. */
export interface IdentityStandIn {
  endpoints: readonly Endpoint[];
  accounts: Map<number, { email: string; display_name: string }>;
  /** Accounts with a verified address that nobody asked organization for. */
  elsewhere: Map<number, { email: string; display_name: string }>;
  /** By which organization an account is managed. */
  managedBy: Map<number, number>;
  /** Ids of accounts that were taken back. */
  withdrawn: number[];
  /** Ids of accounts that were verified, which identity keeps. */
  verified: Set<number>;
  /** Sessions that ended. */
  ended: Set<number>;
  /** While true, nothing is taken back: as if identity were down. */
  refusesToWithdraw: boolean;
  /** While true, no account is made: as if identity were down. */
  refusesToCreate: boolean;
  /** What is done when an export is asked for: `answers`, fails at once, or breaks off after the first row. */
  exporting: 'answers' | 'fails' | 'breaks off';
  /** Id of the next account. */
  nextUserId(): number;
  /** How often an account or a switched session was asked for. */
  asked: number;
  /** Lets new accounts and switched sessions wait, as a slow identity does. @returns what lets them go on */
  holdBack(): () => void;
}

export function identityStandIn(): IdentityStandIn {
  let last = 1000;
  let held = Promise.resolve();
  const identity: IdentityStandIn = {
    endpoints: [],
    accounts: new Map(),
    elsewhere: new Map(),
    managedBy: new Map(),
    withdrawn: [],
    verified: new Set(),
    ended: new Set(),
    refusesToWithdraw: false,
    refusesToCreate: false,
    exporting: 'answers',
    nextUserId: () => last + 1,
    asked: 0,
    holdBack() {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      return resolve;
    },
  };
  const waiting = async () => {
    identity.asked++;
    await held;
  };
  identity.endpoints = [
    endpoint(createAccount, {
      prepare: waiting,
      handle: async ({ body }) => {
        if (identity.refusesToCreate) throw new Error('The stand-in refuses');
        if ([...identity.accounts.values()].some(({ email }) => email === body.email)) throw EmailTaken();
        const id = ++last;
        const account = { email: body.email, display_name: body.display_name ?? body.email.split('@')[0]! };
        identity.accounts.set(id, account);
        if (body.managed) identity.managedBy.set(id, body.member_of!);
        return { user_id: id, ...account, temporary_token: body.managed ? null : `token of ${id}` };
      },
    }),
    endpoint(findAccount, async ({ body }) => {
      const all = [...identity.elsewhere, ...identity.accounts];
      const found = all.find(([id, { email }]) => id === body.user_id || email === body.email);
      if (!found) throw UserNotFound();
      const [user_id, account] = found;
      const verified = identity.elsewhere.has(user_id) || identity.verified.has(user_id);
      return { user_id, ...account, verified, managed_by: identity.managedBy.get(user_id) ?? null };
    }),
    endpoint(vouchForAccount, async ({ params }) => {
      if (!identity.accounts.has(params.user_id)) throw UserNotFound();
      identity.managedBy.set(params.user_id, params.organization_id);
      identity.verified.add(params.user_id);
    }),
    endpoint(changeManagedAccount, async ({ params, body }) => {
      const account = identity.accounts.get(params.user_id);
      if (!account || identity.managedBy.get(params.user_id) !== params.organization_id) throw NotManaged();
      const taken = [...identity.elsewhere.values(), ...identity.accounts.values()];
      if (body.email !== undefined && taken.some(({ email }) => email === body.email)) throw EmailTaken();
      account.email = body.email ?? account.email;
      account.display_name = body.display_name ?? account.display_name;
      return account;
    }),
    endpoint(withdrawAccount, async ({ params }) => {
      if (identity.refusesToWithdraw) throw new Error('The stand-in refuses');
      if (identity.verified.has(params.user_id)) throw AccountVerified();
      if (!identity.accounts.delete(params.user_id)) throw UserNotFound();
      identity.withdrawn.push(params.user_id);
    }),
    // Whose session has the number of its user, as in the tests of this service.
    endpoint(sessionState, async ({ params: { session_id } }) => ({
      session_id,
      user_id: session_id,
      active: !identity.ended.has(session_id),
      is_system_admin: false,
      must_enrol: false,
    })),
    endpoint(identityUsage, async () => ({
      figures: [{ resource: 'oauth_applications', used: 2, limit: null }],
    })),
    endpoint(personalDataOf('identity'), async ({ params, query }) => {
      if (identity.exporting === 'fails') throw new Error('The stand-in refuses');
      return stream('application/x-ndjson', async function* () {
        yield [{ section: 'sessions', row: { user_id: params.user_id, ...query } }];
        if (identity.exporting === 'breaks off') throw new Error('The stand-in breaks off');
        yield [{ section: 'sessions', row: { user_id: params.user_id, number: 2 } }];
        yield [{ section: 'passkeys', row: { user_id: params.user_id } }];
      });
    }),
    endpoint(switchSession, {
      prepare: waiting,
      handle: async ({ caller, body }) => {
        if (identity.ended.has(caller.sessionId)) throw SessionNotFound();
        return {
          access_token: `access ${caller.userId} ${caller.organizationId} ${body.workspace_id}`,
          refresh_token: 'refresh',
          token_type: 'bearer' as const,
          expires_in: 3600,
        };
      },
    }),
  ];
  return identity;
}

/** The same of sso, which holds nothing on anybody. */
export const ssoStandIn = [
  endpoints()(personalDataOf('sso'), async () =>
    stream('application/x-ndjson', async function* () {
      yield [];
    }),
  ),
];
