import { TokenBundle } from '@rivergate/contracts';
import { type Emit, Id, type RequestFacts } from '@rivergate/endpoint';
import { sessionOpened } from '@rivergate/events';
import { oneTimeToken, tokenHash } from '@rivergate/secrets';
import type { Knex } from 'knex';
import { z } from 'zod';
import type { Account } from '../accounts/account-store.ts';
import type { IdentityTools } from '../endpoint.ts';
import { requireAdmitted } from '../organizations/admission.ts';
import { type OpenSession, openSession, type Session } from '../sessions/session-store.ts';
import { tokenBundle } from '../tokens/token-bundle.ts';

/** What every completed login answers, whatever it was proved by. */
export const LoggedIn = TokenBundle.extend({
  user_id: Id,
  email: z.string(),
  display_name: z.string(),
  is_verified: z.literal(true),
}).meta({ id: 'LoggedIn' });

type Tools = Pick<IdentityTools, 'keys' | 'settings'> & {
  db: Knex.Transaction;
  emit: Emit;
  request: RequestFacts;
};

export type Login = Pick<
  OpenSession,
  'passwordHash' | 'place' | 'openedThrough' | 'trustedDeviceId' | 'methods' | 'rememberMe' | 'sso'
> & {
  account: Pick<Account, 'id' | 'email' | 'display_name'>;
  /** How the user logged in, in the words of the login history. */
  method: 'password' | 'oauth' | 'webauthn' | 'sso';
};

/**
 * The user has proved everything that was asked for: opens the session and says so.
 *
 * @returns undefined when the account was suspended, or its password changed, in the meantime
 * @throws IpNotAllowed, SsoRequired where the organization in which it would start does not admit the address, or what was proved
 */
export async function beginSession(
  { db, emit, request, keys, settings }: Tools,
  { account, method, ...login }: Login,
): Promise<{ session: Session; answer: z.infer<typeof LoggedIn> } | undefined> {
  const { id: userId, email, display_name } = account;
  const refreshToken = oneTimeToken();
  const session = await openSession(db, {
    ...login,
    userId,
    refreshTokenHash: tokenHash(refreshToken),
    ip: request.ip,
    userAgent: request.userAgent,
  });
  if (!session) return undefined;
  await requireAdmitted(db, {
    userId,
    organizationId: session.organization_id,
    ip: request.ip,
    ssoOrganizationId: session.sso_organization_id,
  });
  await emit(sessionOpened, {
    aggregateId: session.id,
    organizationId: session.organization_id,
    userId,
    data: { session_id: session.id, user_id: userId, method, remember_me: login.rememberMe },
  });
  const bundle = tokenBundle({ keys, settings }, session, refreshToken);
  return { session, answer: { ...bundle, user_id: userId, email, display_name, is_verified: true } };
}
