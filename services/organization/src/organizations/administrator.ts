import type { Principal } from '@rivergate/caller';
import { createAccount, withdrawAccount } from '@rivergate/contracts';
import {
  type Call,
  type FailureDetail,
  type Log,
  type RequestFacts,
  UpstreamUnavailable,
  ValidationFailed,
} from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { introduce, personOf } from '../people/people-store.ts';
import { keepAccount, recordProvisional, takeBack } from './provisional-administrators.ts';

/** Who will administer the organization that is being created. */
export interface Administrator {
  userId: number;
  email: string;
  displayName: string;
  verified: boolean;
  /** Made for this organization, and taken back if it does not come to be. */
  provisional: boolean;
}

interface Request {
  body: {
    admin_email?: string | undefined;
    admin_password?: string | undefined;
    admin_display_name?: string | undefined;
  };
  caller: Principal;
  db: Knex.Transaction;
  aside: Knex;
  call: Call;
  request: RequestFacts;
  log: Log;
}

const refused = (...details: FailureDetail[]) => ValidationFailed(undefined, details);

/** @throws ValidationFailed for an address that the caller has not verified, and for a password */
export async function signedInAdministrator({ body, caller, db }: Request): Promise<Administrator> {
  if (body.admin_password !== undefined) {
    throw refused({
      field: 'body.admin_password',
      code: 'not_allowed',
      reason: 'is refused with a bearer token',
    });
  }
  const person = await personOf(db, caller.userId ?? 0);
  if (!person) throw UpstreamUnavailable('Your account is being set up; try again shortly');
  const email = body.admin_email ?? person.email;
  if (body.admin_email !== undefined && !person.verified_emails.includes(email)) {
    throw refused({
      field: 'body.admin_email',
      code: 'not_allowed',
      reason: 'must be a verified address of the caller',
    });
  }
  return {
    userId: person.user_id,
    email,
    displayName: person.display_name,
    verified: true,
    provisional: false,
  };
}

/**
 * Has identity make an account, which no transaction of ours can roll back: it is noted outside of this one, so that
 * it is taken back even if this process dies now.
 *
 * @throws ValidationFailed, EmailTaken, InvalidPassword, UpstreamUnavailable
 */
export async function registerAdministrator({
  body,
  db,
  aside,
  call,
  request,
}: Request): Promise<Administrator> {
  const { admin_email: email, admin_password: password } = body;
  if (email === undefined || password === undefined) {
    const missing = { code: 'required', reason: 'is required without a bearer token' } as const;
    throw refused(
      ...(email === undefined ? [{ field: 'body.admin_email', ...missing }] : []),
      ...(password === undefined ? [{ field: 'body.admin_password', ...missing }] : []),
    );
  }
  const account = await call(
    createAccount,
    { body: { email, password, display_name: body.admin_display_name ?? null, ip: request.ip } },
    { requestId: request.id },
  );
  const { user_id: userId, display_name: displayName } = account;
  await recordProvisional(aside, userId).catch(async cause => {
    await call(withdrawAccount, { params: { user_id: userId } });
    throw cause;
  });
  // Takes the user's lock: a verification that arrives meanwhile either is seen here or sees the new organization.
  const person = await introduce(db, { userId, email, displayName, verified: false });
  return { userId, email, displayName, verified: person.verified_emails.length > 0, provisional: true };
}

/** Does the work that the account was made for, and takes the account back if it fails. */
export async function takeBackUnlessKept<Result>(
  { db, aside, call, log }: Request,
  administrator: Administrator,
  work: () => Promise<Result>,
): Promise<Result> {
  if (!administrator.provisional) return await work();
  const { userId } = administrator;
  try {
    const result = await work();
    // Stands or falls with the organization.
    await keepAccount(db, userId);
    return result;
  } catch (cause) {
    await takeBack(aside, call, userId).catch(failure =>
      log.warn({ err: failure, user: userId }, 'An account waits for the sweep to be taken back'),
    );
    throw cause;
  }
}
