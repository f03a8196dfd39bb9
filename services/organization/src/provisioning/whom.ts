import {
  AccountElsewhere,
  EmailDomainNotAllowed,
  EmailTaken,
  FormerMember,
  findAccount,
  PlanLimitExceeded,
  UserNotFound,
} from '@rivergate/contracts';
import { type Briefly, type Call, Failure, type RequestFacts } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import type { OrganizationTools } from '../endpoint.ts';
import { seatsTaken } from '../invitations/invitation-store.ts';
import { requireAllowedAddress } from '../members/allowed-domains.ts';
import { findMembership } from '../members/member-store.ts';
import { type ProvisionalAccount, registerAccount } from '../organizations/administrator.ts';
import type { OrganizationRow } from '../organizations/organization-store.ts';
import type { Plans } from '../organizations/plan.ts';
import { roleOfOrganization } from '../roles/role-store.ts';
import { countTold, requireUntold } from '../users/taken-addresses.ts';
import { type Account, belongsElsewhere, enterProvisionable, manages, ownsDomainOf } from './managing.ts';

/** Somebody whom an identity provider or a SCIM client brings. */
export interface Brought {
  organizationId: number;
  email: string;
  displayName: string | null;
  source: 'sso' | 'scim';
  /** Account that its user has proved to own. */
  userId: number | null;
  /** Null: Viewer. */
  roleId: number | null;
}

/** Whose membership it will be. */
export type Whom = {
  /** Whether the organization vouches for the account: it made it, or an administrator of it did and nobody has verified it. */
  vouched: boolean;
  /** Whether it is the organization's to change. */
  managed: boolean;
} & ({ registered: ProvisionalAccount; account?: undefined } | { account: Account; registered?: undefined });

type Tools = Pick<OrganizationTools, 'knex' | 'plans' | 'takenAddressLimit'> & {
  call: Call;
  request: RequestFacts;
  briefly: Briefly;
};

/**
 * Finds the account of somebody who is brought, or has identity make one. Before the transaction that makes it a member's,
 * which decides again what may have changed.
 */
export async function findWhom(tools: Tools, brought: Brought): Promise<Whom> {
  const { organizationId, email, source, userId, roleId } = brought;
  const { knex, call, request, briefly, plans, takenAddressLimit } = tools;
  const owned = await briefly(async db => {
    await enterProvisionable(db, organizationId);
    return await ownsDomainOf(db, organizationId, email);
  });
  if (source === 'sso' && !owned)
    throw EmailDomainNotAllowed('The address lies in no domain that the organization has verified');
  const told = { told_to_organization: organizationId };
  // What is in a domain of its own the organization may know; of others it is told as rarely as people are.
  if (!owned && userId === null) await requireUntold(knex, told, takenAddressLimit);
  const elsewhere = async () => {
    if (!owned && userId === null) await countTold(knex, told, takenAddressLimit);
    return AccountElsewhere();
  };

  for (let tries = 1; ; tries++) {
    const account = await accountOf(call, brought);
    const whom = account && (await briefly(db => admitted(db, brought, account, owned)));
    if (whom === 'elsewhere') throw await elsewhere();
    if (whom) return whom;
    await briefly(async db => {
      const { settings } = await requireRoom(db, organizationId, email, plans);
      requireAllowedAddress(settings, email);
      if (roleId !== null) await roleOfOrganization(db, organizationId, roleId);
    });
    try {
      const { displayName } = brought;
      const registration = { email, password: null, displayName, memberOf: organizationId, managed: owned };
      const registered = await registerAccount(registration, { knex, call, request });
      return { registered, vouched: owned, managed: owned };
    } catch (cause) {
      if (!(cause instanceof Failure && cause.code === EmailTaken.code)) throw cause;
      // It came to be meanwhile, perhaps by the same request sent twice: then that one counts.
      if (tries === 2) throw await elsewhere();
    }
  }
}

/** @throws UserNotFound where an account is named that is not there */
async function accountOf(call: Call, { email, userId }: Brought): Promise<Account | undefined> {
  const body = userId === null ? { email } : { user_id: userId };
  return await call(findAccount, { body }).catch(cause => {
    if (userId === null && cause instanceof Failure && cause.code === UserNotFound.code) return undefined;
    throw cause;
  });
}

/**
 * Whether an account that is there is the one (docs/decisions/0060).
 *
 * @returns undefined where another one is to be made in its place
 * @throws FormerMember
 */
async function admitted(
  db: Knex.Transaction,
  { organizationId, source, userId: proved }: Brought,
  account: Account,
  owned: boolean,
): Promise<Whom | 'elsewhere' | undefined> {
  await enterProvisionable(db, organizationId);
  const { user_id: userId } = account;
  const membership = await findMembership(db, organizationId, userId);
  const former = await db('former_members')
    .where({ organization_id: organizationId, user_id: userId })
    .first('source');
  if (!membership && former && source === 'sso') throw FormerMember();
  // The last question reads across organizations.
  const own = account.managed_by === organizationId;
  const asItIs = async (vouched: boolean) => ({
    account,
    vouched,
    managed: await manages(db, organizationId, account),
  });

  if (!account.verified) {
    if (proved !== null) return 'elsewhere';
    if (!membership) return undefined;
    if (owned && !(await belongsElsewhere(db, organizationId, userId)))
      return { account, vouched: true, managed: true };
    return source === 'scim' ? asItIs(false) : 'elsewhere';
  }
  if (own || proved !== null) return asItIs(own);
  if (source === 'sso') return 'elsewhere';
  if (membership || owned || ['sso', 'scim'].includes(former?.source)) return asItIs(false);
  return 'elsewhere';
}

/** @throws PlanLimitExceeded */
export async function requireRoom(
  db: Knex.Transaction,
  organizationId: number,
  email: string,
  plans: Plans,
): Promise<OrganizationRow> {
  const organization = await enterProvisionable(db, organizationId);
  if ((await seatsTaken(db, organizationId, email)) >= plans.seats(organization.plan))
    throw PlanLimitExceeded();
  return organization;
}
