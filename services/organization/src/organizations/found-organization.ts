import { withinOrganization } from '@rivergate/endpoint';
import { organizationCreated, organizationSettingsChanged } from '@rivergate/events';
import type { Work } from '../endpoint.ts';
import { addMember, type MembershipSource } from '../members/add-member.ts';
import { type BuiltInRoleIds, createBuiltInRoles } from '../roles/create-built-in-roles.ts';
import {
  changedSettings,
  DEFAULT_SETTINGS,
  effectiveSettings,
  type SettingsChange,
  settingsChanges,
} from '../settings/settings.ts';
import { createWorkspace, type WorkspaceRow } from '../workspaces/create-workspace-row.ts';
import { insertOrganization, reserveOrganizationId } from './organization-store.ts';
import type { Plan } from './plan.ts';

export interface Founding {
  name: string;
  domain: string | null;
  plan: Plan;
  settings: SettingsChange;
  workspaceName: string;
  administratorId: number;
  source: MembershipSource;
  /** Makes it the administrator's personal organization, of which there is one. */
  personal: boolean;
}

export interface Founded {
  organization: { id: number; name: string; domain: string | null; plan: Plan };
  workspace: WorkspaceRow;
  roles: BuiltInRoleIds;
}

/**
 * Creates an organization with the built-in roles, its default workspace and its administrator, who is Admin in both.
 * The transaction is bound to it afterwards.
 *
 * @returns undefined when the name is taken; nothing is written then
 */
export async function foundOrganization(work: Work, founding: Founding): Promise<Founded | undefined> {
  const { db, emit } = work;
  const id = await reserveOrganizationId(db);
  await withinOrganization(db, id);
  const { name, domain, plan, settings, administratorId } = founding;
  const inserted = await insertOrganization(db, {
    id,
    name,
    domain,
    plan,
    settings,
    created_by: administratorId,
    personal_user_id: founding.personal ? administratorId : null,
  });
  if (!inserted) return undefined;

  const data = { organization_id: id, name, plan, owner_id: administratorId, personal: founding.personal };
  await emit(organizationCreated, { aggregateId: id, organizationId: id, userId: administratorId, data });
  const effective = effectiveSettings(settings);
  const fields = changedSettings(DEFAULT_SETTINGS, effective);
  if (fields.length > 0) {
    await emit(organizationSettingsChanged, {
      aggregateId: id,
      organizationId: id,
      userId: administratorId,
      data: {
        organization_id: id,
        revision: 0,
        fields,
        settings: effective,
        changes: settingsChanges(DEFAULT_SETTINGS, effective, fields),
      },
    });
  }

  const acting: Work = {
    db,
    emit: (declaration, fact) => emit(declaration, { userId: administratorId, ...fact }),
  };
  const roles = await createBuiltInRoles(acting, id);
  const workspace = await createWorkspace(acting, {
    organizationId: id,
    name: founding.workspaceName,
    isDefault: true,
  });
  if (!workspace) throw new Error('The first workspace of an organization cannot be a second of its name');
  await addMember(acting, {
    organizationId: id,
    userId: administratorId,
    role: { id: roles.Admin, isAdmin: true },
    workspaceId: workspace.id,
    source: founding.source,
    by: administratorId,
  });
  return { organization: { id, name, domain, plan }, workspace, roles };
}
