import { workspaceCreated } from '@rivergate/events';
import type { Work } from '../endpoint.ts';
import { nameKeys } from '../names/name-keys.ts';
import { slugOf } from './slug.ts';
import type { StoredSettings } from './workspace-settings.ts';

export interface WorkspaceRow {
  id: number;
  organization_id: number;
  name: string;
  slug: string;
  is_default: boolean;
  /** Only what is set in it. */
  settings: StoredSettings;
  created_at: Date;
  updated_at: Date;
}

/** @returns undefined when the name, or the slug made from it, is in use in the organization */
export async function createWorkspace(
  { db, emit }: Work,
  workspace: { organizationId: number; name: string; isDefault: boolean; settings?: StoredSettings },
): Promise<WorkspaceRow | undefined> {
  const { organizationId, name, isDefault, settings = {} } = workspace;
  const { rows } = await db.raw("select nextval(pg_get_serial_sequence('workspaces', 'id')) as id");
  const id = Number(rows[0].id);
  const [created] = await db('workspaces')
    .insert({
      id,
      organization_id: organizationId,
      name,
      ...nameKeys(name),
      slug: slugOf(name) || `workspace-${id}`,
      is_default: isDefault,
      settings: JSON.stringify(settings),
    })
    .onConflict()
    .ignore()
    .returning([
      'id',
      'organization_id',
      'name',
      'slug',
      'is_default',
      'settings',
      'created_at',
      'updated_at',
    ]);
  if (!created) return undefined;
  await emit(workspaceCreated, {
    aggregateId: id,
    organizationId,
    data: {
      workspace_id: id,
      organization_id: organizationId,
      name,
      slug: created.slug,
      is_default: isDefault,
    },
  });
  return created;
}
