import { ensurePersonalOrganization, startingPoint } from '@rivergate/contracts';
import { type Call, type Emit, type RequestFacts, reply } from '@rivergate/endpoint';
import { userVerified } from '@rivergate/events';
import type { Knex } from 'knex';
import { type Account, accountById, markVerified } from '../accounts/account-store.ts';
import type { IdentityTools } from '../endpoint.ts';
import { beginSession } from '../login/begin-session.ts';
import { placeSession, type Session } from '../sessions/session-store.ts';
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
  const { db, emit, keys, settings } = tools;
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

  const begun = await beginSession(tools, {
    account,
    method: 'password',
    methods: ['otp'],
    place: null,
    rememberMe: verification.remember_me,
  });
  if (!begun) throw new Error('A verified account opened no session');

  const { display_name: _, ...verified } = begun.answer;
  return reply(verified, {
    async finish() {
      const placed = await enterOrganization(tools, account, begun.session);
      return { ...verified, ...tokenBundle({ keys, settings }, placed, verified.refresh_token) };
    },
  });
}

/** Whoever was invited or made for an organization starts there, everybody else in the personal one. */
export async function enterOrganization(
  { call, knex, request }: Pick<Tools, 'call' | 'knex' | 'request'>,
  account: Account,
  session: Session,
): Promise<Session> {
  const soon = { deadline: DEADLINE };
  const params = { user_id: account.id };
  const body = { email: account.email, display_name: account.display_name };
  const personal = await call(ensurePersonalOrganization, { params, body }, soon);
  const query = request.ip === null ? {} : { ip: request.ip };
  const first = account.holds_address ? await call(startingPoint, { params, query }, soon) : personal;
  const { organization_id: organizationId, workspace_id } = first.organization_id === null ? personal : first;
  const place = { organization_id: organizationId ?? personal.organization_id, workspace_id };
  return (await placeSession(knex, session, place)) ?? session;
}
