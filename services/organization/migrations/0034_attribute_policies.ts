import type { Knex } from 'knex';

/** Whether sso keeps policies by attributes for an organization, or once did. */
export const attributePolicies = {
  name: '0034_attribute_policies',
  async up(db: Knex.Transaction): Promise<void> {
    await db.raw('alter table organizations add column attribute_policies boolean not null default false');
  },
};
