import { consumer, on, workspaceDeleted } from '@rivergate/events';

/** Sessions in a workspace that was deleted go on in its organization, and nobody starts in the workspace the next time. */
export const sessionsInDeletedWorkspaces = consumer({
  name: 'sessions-in-deleted-workspaces',
  on: [
    on(workspaceDeleted, async ({ data: { organization_id, workspace_id } }, { db }) => {
      await db('sessions').where({ organization_id, workspace_id }).update({ workspace_id: null });
      await db('users')
        .where({ last_organization_id: organization_id, last_workspace_id: workspace_id })
        .update({ last_workspace_id: null });
    }),
  ],
});
