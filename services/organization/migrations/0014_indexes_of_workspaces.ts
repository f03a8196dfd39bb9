import type { Knex } from 'knex';

/** What ends with a workspace is found by it, and not by reading all that the organization has. */
export const indexesOfWorkspaces = {
  name: '0014_indexes_of_workspaces',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      create index role_assignments_in_workspace on role_assignments (workspace_id) where workspace_id is not null;
      create index invitations_into_workspace on invitations (workspace_id);
    `);
  },
};
