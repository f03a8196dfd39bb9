import type { Principal } from './principal.ts';
import { grantsIn, type WorkspaceGrant } from './workspace-grant.ts';

const descriptions = {
  'workspace.read': 'See workspaces and what they are set to',
  'workspace.create': 'Create workspaces',
  'workspace.write': 'Change workspaces',
  'workspace.delete': 'Delete workspaces',
  'workspace.members': 'Add, change and remove the members of workspaces',
  'member.invite': 'Invite people into the organization',
  'role.write': 'Create, change and delete custom roles',
  'role.assign': 'Assign roles to users and withdraw them',
  'user.read': 'See the users of the organization',
  'user.write': 'Create and change users',
  'user.delete': 'Delete users',
  'user.impersonate': 'Act in the name of members who consent',
  'data_source.read': 'See data sources',
  'data_source.write': 'Connect and change data sources',
  'data_source.delete': 'Delete data sources',
  'storage.read': 'Read files and vectors',
  'storage.write': 'Store, change and delete files and vectors',
  'policy.read': 'See policies',
  'policy.write': 'Create, change and delete policies',
  'prompt.read': 'See prompts and templates',
  'prompt.write': 'Create, change and delete prompts and templates',
  'prompt.execute': 'Run prompts',
  'query.execute': 'Run queries on data sources',
  'model.read': 'See models',
  'model.write': 'Register, change and delete models',
  'staging.read': 'Read staged tables and queries',
  'staging.write': 'Stage tables and queries',
} as const;

/** A code of the catalogue: resource.action. */
export type Permission = keyof typeof descriptions;

export type PermissionEntry = { code: Permission; resource: string; action: string; description: string };

/** Every permission that a role can hold. There are no wildcards but '*', no hierarchy, no denials. */
export const PERMISSIONS: readonly PermissionEntry[] = Object.entries(descriptions).map(
  ([code, description]) => {
    const [resource = '', action = ''] = code.split('.');
    return { code: code as Permission, resource, action, description };
  },
);

const known = new Set<string>(Object.keys(descriptions));

export function isPermission(code: string): code is Permission {
  return known.has(code);
}

export type BuiltInRole = { name: string; permissions: readonly (Permission | '*')[]; description: string };

const developerResources = new Set(['data_source', 'storage', 'prompt', 'query', 'model', 'staging']);

/** The roles that every organization has and nobody changes. */
export const BUILT_IN_ROLES: readonly BuiltInRole[] = [
  { name: 'Admin', permissions: ['*'], description: 'Administers the organization' },
  {
    name: 'Developer',
    permissions: PERMISSIONS.filter(
      entry =>
        entry.code === 'workspace.read' ||
        entry.code === 'policy.read' ||
        (developerResources.has(entry.resource) && entry.code !== 'data_source.delete'),
    ).map(entry => entry.code),
    description: 'Works with data sources, storage, prompts, queries, models and staging',
  },
  {
    name: 'Viewer',
    permissions: [
      'workspace.read',
      'data_source.read',
      'storage.read',
      'policy.read',
      'prompt.read',
      'model.read',
      'staging.read',
    ],
    description: 'Sees what is there and changes nothing',
  },
];

/** Whether the caller holds a permission organization-wide. Only '*' stands for more than itself. */
export function holds(
  principal: Pick<Principal, 'permissions' | 'isSystemAdmin'>,
  permission: Permission,
): boolean {
  return principal.isSystemAdmin || includes(principal, permission);
}

/** Whether the caller holds a permission in a workspace: by a role there, or organization-wide. */
export function holdsIn(
  principal: Pick<Principal, 'permissions' | 'isSystemAdmin' | 'workspaces'>,
  permission: Permission,
  workspaceId: number,
): boolean {
  if (holds(principal, permission)) return true;
  return grantsIn(principal.workspaces, workspaceId).some(grant => includes(grant, permission));
}

/** Ids of the workspaces in which the caller holds a permission by a role there, whatever is held organization-wide. */
export function workspacesWith(
  { workspaces }: Pick<Principal, 'workspaces'>,
  permission: Permission,
): readonly number[] {
  return workspaces.filter(grant => includes(grant, permission)).flatMap(({ workspaceIds }) => workspaceIds);
}

function includes({ permissions }: Pick<WorkspaceGrant, 'permissions'>, permission: Permission): boolean {
  return permissions.includes('*') || permissions.includes(permission);
}
