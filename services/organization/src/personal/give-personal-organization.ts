import { consumer, on, userVerified } from '@rivergate/events';
import { consumerWork } from '../people/consumer-work.ts';
import { ensurePersonal } from './personal-organization.ts';

/** Gives everyone who verifies an address a personal organization, also those who did while this service was down. */
export const givePersonalOrganization = consumer({
  name: 'personal-organizations',
  on: [
    on(userVerified, async ({ data }, tools) => {
      await ensurePersonal(consumerWork(tools), {
        userId: data.user_id,
        email: data.email,
        displayName: data.display_name,
      });
    }),
  ],
});
