import { endSsoSessions, MOST_ENDED_AT_ONCE } from '@rivergate/contracts';
import type { TransactionContext } from '@rivergate/endpoint';
import { ssoLoginEnded } from '@rivergate/events';
import { type Step, stepOf } from '../attempts/attempt-store.ts';
import { insertLogout } from '../attempts/logout-store.ts';
import type { Received } from '../attempts/received.ts';
import type { ProviderRow } from '../providers/provider-store.ts';
import { userOfSubject } from './connection-store.ts';
import { takeLogins, type WhichLogins } from './login-store.ts';

type Tools = Pick<TransactionContext, 'afterCommit' | 'call' | 'db' | 'emit' | 'request'>;

/**
 * Ends what a provider opened for somebody, as it has asked, and writes that down. The sessions are over when the answer goes
 * out; where identity cannot be asked right then, the events see to it.
 *
 * @param received what the provider said of whom it means
 */
export async function endLogins(
  { db, emit, call, afterCommit, request }: Tools,
  { id, organization_id }: ProviderRow,
  which: WhichLogins,
  { steps, received }: { steps: readonly Step[]; received: Received },
): Promise<void> {
  const ended = await takeLogins(db, id, which);
  for (const { login_id, user_id } of ended)
    await emit(ssoLoginEnded, {
      aggregateId: login_id,
      organizationId: organization_id,
      userId: user_id,
      data: { organization_id, user_id, login_id },
    });
  const userId =
    ended[0]?.user_id ??
    (which.subject === undefined ? undefined : await userOfSubject(db, id, which.subject)) ??
    null;
  await insertLogout(
    db,
    { organization_id, provider_id: id },
    {
      begunBy: 'provider',
      ip: request.ip,
      reason: null,
      steps: [...steps, stepOf('sessions_ended', String(ended.length))],
      // Of who is nobody here nothing is kept, since nobody could have it erased.
      received: userId === null ? null : received,
      userId,
      email: null,
    },
  );
  afterCommit(async () => {
    for (let from = 0; from < ended.length; from += MOST_ENDED_AT_ONCE) {
      const logins = ended.slice(from, from + MOST_ENDED_AT_ONCE);
      await call(endSsoSessions, { body: { organization_id, logins } });
    }
  });
}

/** Writes down that something which a provider, or somebody else, sent to end sessions was refused. */
export async function noteRefusedLogout(
  { db, request }: Pick<Tools, 'db' | 'request'>,
  { id, organization_id }: ProviderRow,
  { reason, detail }: { reason: string; detail: string | null },
): Promise<void> {
  await insertLogout(
    db,
    { organization_id, provider_id: id },
    {
      begunBy: 'provider',
      ip: request.ip,
      reason,
      steps: [stepOf('asked'), stepOf('refused', detail)],
      received: null,
      userId: null,
      email: null,
    },
  );
}
