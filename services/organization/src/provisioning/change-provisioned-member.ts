import {
  changeManagedAccount,
  EmailDomainNotAllowed,
  findAccount,
  NotManaged,
  changeProvisionedMember as spec,
} from '@rivergate/contracts';
import type { Knex } from 'knex';
import { endpoint } from '../endpoint.ts';
import { requireAllowedAddress } from '../members/allowed-domains.ts';
import { changeStatus } from '../members/change-status.ts';
import { keepAnAdministrator } from '../members/last-administrator.ts';
import { membershipOf } from '../members/member-store.ts';
import { PATIENCE } from '../organizations/administrator.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { type Account, enterProvisionable, manages, ownsDomainOf, provisionable } from './managing.ts';
import { shownMember } from './provision-member.ts';

/** What of an account is to be another: what is as it is said already is not. */
type Change = {
  email?: string | undefined;
  display_name?: string | undefined;
  password?: string | undefined;
};

export const changeProvisionedMember = endpoint(spec, {
  async prepare({ params, body, briefly, call }) {
    const { organization_id, user_id } = params;
    const account = await call(findAccount, { body: { user_id } });
    const change: Change = {
      email: body.email === account.email ? undefined : body.email,
      display_name: body.display_name === account.display_name ? undefined : body.display_name,
      password: body.password,
    };
    const changes = Object.values(change).some(value => value !== undefined);
    const managed = await briefly(async db => {
      const { settings } = await enterProvisionable(db, organization_id);
      const membership = await membershipOf(db, organization_id, user_id);
      // Before the account is changed, which no transaction of ours can roll back.
      if (body.active === false) await keepAnAdministrator(db, organization_id, membership);
      if (change.email !== undefined) requireAllowedAddress(settings, change.email);
      return await mayChange(db, organization_id, account, { ...change, changes });
    });
    if (!changes) return { managed, account };
    const changed = await call(changeManagedAccount, { params, body: change }, { deadline: PATIENCE });
    return { managed, account: { ...account, ...changed } };
  },
  async handle({ params, body, prepared, db, emit }) {
    const { organization_id: organizationId, user_id: userId } = params;
    provisionable(await lockOrganization(db, organizationId));
    const membership = await membershipOf(db, organizationId, userId);
    if (body.active !== undefined)
      await changeStatus({ db, emit }, organizationId, membership, {
        status: body.active ? 'active' : 'suspended',
      });
    const { managed, account } = prepared;
    const member = await shownMember(db, organizationId, userId);
    // Of a managed account identity has said so before its events come.
    const { email, display_name } = managed ? account : member;
    return { ...member, email, display_name, managed };
  },
});

/**
 * @returns whether the organization manages the account
 * @throws NotManaged, EmailDomainNotAllowed for an address in none of the domains that it has verified
 */
async function mayChange(
  db: Knex.Transaction,
  organizationId: number,
  account: Account,
  { email, changes }: Change & { changes: boolean },
): Promise<boolean> {
  const owned = email === undefined || (await ownsDomainOf(db, organizationId, email));
  const managed = await manages(db, organizationId, account);
  if (changes && !managed) throw NotManaged();
  if (!owned) throw EmailDomainNotAllowed('The address lies in no domain that the organization has verified');
  return managed;
}
