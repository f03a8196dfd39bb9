import { ssoUserErased } from '@rivergate/events';
import type { PersonalDataPolicy } from '@rivergate/service';

export const personalDataPolicy: PersonalDataPolicy = {
  erased: ssoUserErased,
  /** Those that identity providers have given of the user. */
  async addressesOf(db, { userId, organizationId }) {
    return await db('connections')
      .where({ user_id: userId, ...(organizationId === null ? {} : { organization_id: organizationId }) })
      .distinct()
      .pluck('email');
  },
};
