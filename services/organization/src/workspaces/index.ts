import { createOrganizationWorkspace } from './create-organization-workspace.ts';
import { getOrganizationWorkspace } from './get-organization-workspace.ts';
import { listOrganizationWorkspaces } from './list-organization-workspaces.ts';
import { updateOrganizationWorkspace } from './update-organization-workspace.ts';

export const tag = 'Organizations';
export const endpoints = [
  listOrganizationWorkspaces,
  createOrganizationWorkspace,
  getOrganizationWorkspace,
  updateOrganizationWorkspace,
];
