import { ssoUserErased } from '@rivergate/events';
import type { PersonalDataPolicy } from '@rivergate/service';

export const personalDataPolicy: PersonalDataPolicy = {
  erased: ssoUserErased,
  /** The one of the account, and those that identity providers have given of the user. */
  async addressesOf(db, { userId, organizationId }) {
    const ofAccount: string[] = await db('people').where({ user_id: userId }).pluck('email');
    const given: string[] = await db('connections')
      .where({ user_id: userId, ...(organizationId === null ? {} : { organization_id: organizationId }) })
      .pluck('email');
    return [...new Set([...ofAccount, ...given])];
  },
};
