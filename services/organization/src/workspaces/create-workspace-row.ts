import { workspaceCreated } from '@rivergate/events';
import type { Work } from '../endpoint.ts';
import { nameKeys } from '../names/name-keys.ts';
import { slugOf } from './slug.ts';

export interface WorkspaceRow {
  id: number;
  organization_id: number;
  name: string;
  slug: string;
  is_default: boolean;
  created_at: Date;
}

/** @returns undefined when the name, or the slug made from it, is in use in the organization */
export async function createWorkspace(
  { db, emit }: Work,
  { organizationId, name, isDefault }: { organizationId: number; name: string; isDefault: boolean },
): Promise<WorkspaceRow | undefined> {
  const { rows } = await db.raw("select nextval(pg_get_serial_sequence('workspaces', 'id')) as id");
  const id = Number(rows[0].id);
  const [workspace] = await db('workspaces')
    .insert({
      id,
      organization_id: organizationId,
      name,
      ...nameKeys(name),
      slug: slugOf(name) || `workspace-${id}`,
      is_default: isDefault,
    })
    .onConflict()
    .ignore()
    .returning(['id', 'organization_id', 'name', 'slug', 'is_default', 'created_at']);
  if (!workspace) return undefined;
  await emit(workspaceCreated, {
    aggregateId: id,
    organizationId,
    data: {
      workspace_id: id,
      organization_id: organizationId,
      name,
      slug: workspace.slug,
      is_default: isDefault,
    },
  });
  return workspace;
}
