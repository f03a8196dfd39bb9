import { acrossOrganizations } from '@rivergate/endpoint';
import type { Schedule } from '@rivergate/service';
import type { OrganizationTools } from '../../endpoint.ts';
import { forgetOldMessages as forget } from './delivery-store.ts';

export const forgetOldMessages: Schedule<Pick<OrganizationTools, 'knex'>> = {
  name: 'forget old messages of webhooks',
  every: 3_600,
  async run({ knex }) {
    const some = () =>
      knex.transaction(async db => {
        await acrossOrganizations(db);
        return await forget(db);
      });
    while (await some());
  },
};
