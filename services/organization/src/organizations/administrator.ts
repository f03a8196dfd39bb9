import type { Principal } from '@rivergate/caller';
import { createAccount, withdrawAccount } from '@rivergate/contracts';
import {
  type Call,
  Failure,
  type FailureDetail,
  type RequestFacts,
  UpstreamUnavailable,
  ValidationFailed,
} from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { introduce, personOf } from '../people/people-store.ts';
import { claimAddress, keepAccount, recordAccount, releaseAddress } from './provisional-administrators.ts';

/** Milliseconds that identity may take: it hashes a password, in turns where many register at once. */
export const PATIENCE = 10_000;

/** Who will administer the organization that is being created. */
export interface Administrator {
  userId: number;
  email: string;
  displayName: string;
  verified: boolean;
  /** With the mailed code or link it verifies the address of an account that was made for this organization. */
  temporaryToken?: string;
}

/** An account that was made for an organization, and is taken back if that does not come to be. */
export type ProvisionalAccount = Omit<Administrator, 'verified'>;

export interface Registration {
  email: string;
  /** Null: whoever reads the mailbox sets one. */
  password: string | null;
  displayName: string | null;
  /** Of which the account will be a member, made by an administrator of it for somebody else. */
  memberOf?: number;
  /** Whether that organization manages the account, and vouches for its address once it is a member's. */
  managed?: boolean;
}

interface Body {
  admin_email?: string | undefined;
  admin_password?: string | undefined;
  admin_display_name?: string | undefined;
}

const refused = (...details: FailureDetail[]) => ValidationFailed(undefined, details);

/** @throws ValidationFailed for an address that the caller has not verified, and for a password */
export async function signedInAdministrator(
  db: Knex.Transaction,
  caller: Principal,
  body: Body,
): Promise<Administrator> {
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
  return { userId: person.user_id, email, displayName: person.display_name, verified: true };
}

/** @throws ValidationFailed where address or password are missing */
export function registrationOf(body: Body): Registration {
  const { admin_email: email, admin_password: password, admin_display_name: displayName = null } = body;
  if (email === undefined || password === undefined) {
    const missing = { code: 'required', reason: 'is required without a bearer token' } as const;
    throw refused(
      ...(email === undefined ? [{ field: 'body.admin_email', ...missing }] : []),
      ...(password === undefined ? [{ field: 'body.admin_password', ...missing }] : []),
    );
  }
  return { email, password, displayName };
}

/**
 * Has identity make an account, which no transaction of ours can roll back. Before any transaction of the request: a
 * slow identity holds no connection.
 *
 * @throws EmailTaken, InvalidPassword, UpstreamUnavailable
 */
export async function registerAccount(
  { email, password, displayName, memberOf, managed = false }: Registration,
  { knex, call, request }: { knex: Knex; call: Call; request: RequestFacts },
): Promise<ProvisionalAccount> {
  const claim = await claimAddress(knex, email, PATIENCE, managed);
  let userId: number | undefined;
  try {
    const account = await call(
      createAccount,
      {
        body: {
          email,
          password,
          display_name: displayName,
          ip: request.ip,
          member_of: memberOf ?? null,
          managed,
        },
      },
      { deadline: PATIENCE },
    );
    userId = account.user_id;
    await recordAccount(knex, claim, userId);
    const { display_name, temporary_token: temporaryToken } = account;
    return {
      userId,
      email,
      displayName: display_name,
      ...(temporaryToken === null ? {} : { temporaryToken }),
    };
  } catch (cause) {
    if (userId !== undefined) await call(withdrawAccount, { params: { user_id: userId } }).catch(() => {});
    await releaseAddress(knex, claim);
    throw cause;
  }
}

/**
 * The account of the provisional administrator stays if this transaction commits.
 *
 * @throws EmailTaken when it was removed meanwhile
 */
export async function keepRegistered(
  db: Knex.Transaction,
  provisional: ProvisionalAccount,
): Promise<Administrator> {
  await keepAccount(db, provisional.userId);
  // Takes the user's lock: a verification that arrives meanwhile either is seen here or sees the new organization.
  const person = await introduce(db, { ...provisional, verified: false });
  return { ...provisional, verified: person.verified_emails.length > 0 };
}

/** Keeps a refusal for later: a request with the key of an earlier one gets that one's answer before it. */
export async function refusalOf<Result>(work: Promise<Result>): Promise<Result | Failure> {
  return await work.catch(cause => {
    if (cause instanceof Failure) return cause;
    throw cause;
  });
}
