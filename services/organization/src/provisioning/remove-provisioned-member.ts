import { findAccount, removeProvisionedMember as spec, UserNotFound } from '@rivergate/contracts';
import { Failure } from '@rivergate/endpoint';
import { accountDeprovisioned } from '@rivergate/events';
import { endpoint } from '../endpoint.ts';
import { endMembership } from '../members/end-membership.ts';
import { keepAnAdministrator } from '../members/last-administrator.ts';
import { membershipOf } from '../members/member-store.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { enterProvisionable, manages, provisionable } from './managing.ts';

export const removeProvisionedMember = endpoint(spec, {
  async prepare({ params: { organization_id, user_id }, briefly, call }) {
    const account = await call(findAccount, { body: { user_id } }).catch(cause => {
      // Being erased: the membership is there yet.
      if (cause instanceof Failure && cause.code === UserNotFound.code) return undefined;
      throw cause;
    });
    return await briefly(async db => {
      await enterProvisionable(db, organization_id);
      return account !== undefined && (await manages(db, organization_id, account));
    });
  },
  async handle({ params, prepared: managed, db, emit }) {
    const { organization_id: organizationId, user_id: userId } = params;
    provisionable(await lockOrganization(db, organizationId));
    const membership = await membershipOf(db, organizationId, userId);
    await keepAnAdministrator(db, organizationId, membership);
    await endMembership({ db, emit }, organizationId, userId);
    const data = { organization_id: organizationId, user_id: userId };
    if (managed) await emit(accountDeprovisioned, { aggregateId: userId, organizationId, data });
  },
});
