import type { Emit } from '@rivergate/endpoint';
import { secondFactorRequired } from '@rivergate/events';
import { oneTimeToken, tokenHash } from '@rivergate/secrets';
import type { Knex } from 'knex';
import type { Method } from '../second-factors/method.ts';
import { beginPendingLogin, type NewPendingLogin } from './pending-login-store.ts';

/**
 * The password is right and a second factor is on: a temporary token, which gives no access, leads to its choice.
 *
 * @returns undefined when the account was suspended, or its password changed, in the meantime
 */
export async function leadToSecondFactor(
  { db, emit }: { db: Knex.Transaction; emit: Emit },
  login: Omit<NewPendingLogin, 'tokenHash'>,
  methods: Method[],
) {
  const { userId } = login;
  const token = oneTimeToken();
  if (!(await beginPendingLogin(db, { ...login, tokenHash: tokenHash(token) }))) return undefined;
  await emit(secondFactorRequired, {
    aggregateId: userId,
    organizationId: null,
    userId,
    data: { user_id: userId },
  });
  return {
    temporary_token: token,
    mfa_required: true as const,
    mfa_methods: methods,
    message: 'Choose a second factor',
  };
}
