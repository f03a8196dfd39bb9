import { Id, Timestamp } from '@rivergate/endpoint';
import { workspaceUpdated } from '@rivergate/events';
import type { Knex } from 'knex';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { Name } from '../names/name.ts';
import { nameKeys } from '../names/name-keys.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { violatesUniqueness } from '../organizations/unique-violation.ts';
import { WorkspaceAlreadyExists, WorkspaceNotFound } from './errors.ts';
import { Workspace } from './workspace.ts';
import { workspaceOfOrganization } from './workspace-store.ts';

export const updateOrganizationWorkspace = endpoint(
  {
    operation: 'updateOrganizationWorkspace',
    method: 'patch',
    path: '/organizations/:org_id/workspaces/:workspace_id',
    summary: 'Rename a workspace, or make it the default one',
    description:
      'Fields left out keep their value. A rename keeps the slug; the default one before stays as another.',
    caller: 'perm:workspace.write',
    clients: true,
    workspace: 'params.workspace_id',
    params: z.object({ org_id: Id, workspace_id: Id }),
    body: z
      .object({
        name: Name.optional(),
        is_default: z.literal(true).optional().meta({
          description: 'Another workspace has to become the default one for this one to stop being it',
        }),
      })
      .meta({ examples: [{ name: 'Laboratory' }] }),
    answer: z.object({ workspace: Workspace.extend({ updated_at: Timestamp }) }),
    message: 'Workspace updated successfully',
    messageInData: true,
    errors: [WorkspaceNotFound, WorkspaceAlreadyExists],
  },
  async ({ params: { org_id: organizationId, workspace_id: id }, body, db, emit }) => {
    // There is one default workspace at any time: two that become it at once wait for each other.
    await lockOrganization(db, organizationId);
    const before = await workspaceOfOrganization(db, organizationId, id);
    const name = body.name ?? before.name;
    const becomesDefault = body.is_default === true && !before.is_default;
    const fields = [...(name === before.name ? [] : ['name']), ...(becomesDefault ? ['is_default'] : [])];
    if (becomesDefault) await clearDefault(db, organizationId);
    const [workspace] = await db('workspaces')
      .where({ organization_id: organizationId, id })
      .update({
        ...(name === before.name ? {} : { name, ...nameKeys(name) }),
        is_default: before.is_default || becomesDefault,
        ...(fields.length > 0 ? { updated_at: db.fn.now() } : {}),
      })
      .returning(['id', 'name', 'slug', 'organization_id', 'is_default', 'updated_at'])
      .catch(cause => {
        throw violatesUniqueness(cause) ? WorkspaceAlreadyExists() : cause;
      });
    if (fields.length > 0) {
      const { slug, is_default } = workspace;
      const data = { workspace_id: id, organization_id: organizationId, fields, name, slug, is_default };
      await emit(workspaceUpdated, { aggregateId: id, organizationId, data });
    }
    return { workspace };
  },
);

async function clearDefault(db: Knex.Transaction, organizationId: number): Promise<void> {
  await db('workspaces')
    .where({ organization_id: organizationId, is_default: true })
    .update({ is_default: false, updated_at: db.fn.now() });
}
