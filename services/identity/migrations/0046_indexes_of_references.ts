import type { Knex } from 'knex';

/**
 * What goes, or changes, with a user, a session, an application, a grant or a workspace is found by it, and not by reading a
 * whole table. Indexes of what has not ended give way where what has ended is dropped soon anyway.
 */
export const indexesOfReferences = {
  name: '0046_indexes_of_references',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      create index on sessions (workspace_id) where workspace_id is not null;
      create index on users (last_workspace_id) where last_workspace_id is not null;
      create index on sessions (impersonator_id) where impersonator_id is not null;
      create index on sign_in_notices (session_id);
      create index on trusted_devices (session_id) where session_id is not null;

      drop index impersonations_administrator_session_id_idx, impersonations_approved_session_id_idx;
      create index on impersonations (administrator_session_id);
      create index on impersonations (approved_session_id);

      drop index personal_tokens_user_id_idx;
      create index on personal_tokens (user_id);

      drop index oauth_grants_application_id_idx, oauth_grants_user_id_idx, oauth_grants_session_id_idx;
      create index on oauth_grants (application_id);
      create index on oauth_grants (user_id);
      create index on oauth_grants (session_id);

      drop index oauth_tokens_application_id_idx, oauth_tokens_grant_id_idx, oauth_tokens_user_id_idx;
      create index on oauth_tokens (application_id);
      create index on oauth_tokens (grant_id);
      create index on oauth_tokens (user_id);
    `);
  },
};
