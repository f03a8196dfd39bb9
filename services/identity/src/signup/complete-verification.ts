import { ensurePersonalOrganization, startingPoint } from '@rivergate/contracts';
import { type Call, type Emit, type RequestFacts, reply } from '@rivergate/endpoint';
import { sessionOpened, userVerified } from '@rivergate/events';
import { oneTimeToken, tokenHash } from '@rivergate/secrets';
import type { Knex } from 'knex';
import { type Account, accountById, markVerified } from '../accounts/account-store.ts';
import type { IdentityTools } from '../endpoint.ts';
import { openSession, placeSession, type Session } from '../sessions/session-store.ts';
import { tokenBundle } from '../tokens/token-bundle.ts';
import { type AddressVerification, spend } from './address-verification-store.ts';

/** How long the personal organization may delay the answer, in milliseconds. After that the event creates it. */
const DEADLINE = 1_500;

type Tools = Pick<IdentityTools, 'knex' | 'keys' | 'settings'> & {
  db: Knex.Transaction;
  emit: Emit;
  call: Call;
  request: RequestFacts;
};

/**
 * The mailbox has proved to be the user's: the account becomes active, with a session. Once that is committed, the
 * personal organization is asked for, so that the first token already acts in it.
 */
export async function completeVerification(
  tools: Tools,
  verification: Pick<AddressVerification, 'user_id' | 'remember_me'>,
) {
  const { db, emit, keys, settings, request } = tools;
  const userId = verification.user_id;
  await markVerified(db, userId);
  await spend(db, userId);
  const account = (await accountById(db, userId))!;
  await emit(userVerified, {
    aggregateId: userId,
    organizationId: null,
    userId,
    data: { user_id: userId, email: account.email, display_name: account.display_name },
  });

  const refreshToken = oneTimeToken();
  const session = await openSession(db, {
    userId,
    place: null,
    methods: ['otp'],
    rememberMe: verification.remember_me,
    refreshTokenHash: tokenHash(refreshToken),
    ip: request.ip,
    userAgent: request.userAgent,
  });
  if (!session) throw new Error('A verified account opened no session');
  await emit(sessionOpened, {
    aggregateId: session.id,
    organizationId: null,
    userId,
    data: {
      session_id: session.id,
      user_id: userId,
      method: 'password',
      remember_me: verification.remember_me,
    },
  });

  const verified = { user_id: userId, email: account.email, is_verified: true as const };
  return reply(
    { ...tokenBundle({ keys, settings }, session, refreshToken), ...verified },
    {
      async finish() {
        const placed = await enterOrganization(tools, account, session);
        return { ...tokenBundle({ keys, settings }, placed, refreshToken), ...verified };
      },
    },
  );
}

/** Whoever was invited or made for an organization starts there, everybody else in the personal one. */
export async function enterOrganization(
  { call, knex }: Pick<Tools, 'call' | 'knex'>,
  account: Account,
  session: Session,
): Promise<Session> {
  const soon = { deadline: DEADLINE };
  const params = { user_id: account.id };
  const body = { email: account.email, display_name: account.display_name };
  const personal = await call(ensurePersonalOrganization, { params, body }, soon);
  const first = account.holds_address ? await call(startingPoint, { params, query: {} }, soon) : personal;
  const { organization_id: organizationId, workspace_id } = first.organization_id === null ? personal : first;
  const place = { organization_id: organizationId ?? personal.organization_id, workspace_id };
  return (await placeSession(knex, session, place)) ?? session;
}
