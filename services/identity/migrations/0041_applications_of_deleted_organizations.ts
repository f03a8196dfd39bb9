import type { Knex } from 'knex';

/** Applications of an organization that is deleted get nothing, until it is restored. */
export const applicationsOfDeletedOrganizations = {
  name: '0041_applications_of_deleted_organizations',
  async up(knex: Knex): Promise<void> {
    await knex.raw(
      'alter table oauth_applications add column organization_deleted boolean not null default false',
    );
  },
};
