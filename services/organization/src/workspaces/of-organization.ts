import { addMemberToWorkspace } from './add-member-to-workspace.ts';
import { createOrganizationWorkspace } from './create-organization-workspace.ts';
import { deleteOrganizationWorkspace } from './delete-workspace.ts';
import { getOrganizationWorkspace } from './get-organization-workspace.ts';
import { listOrganizationWorkspaces } from './list-organization-workspaces.ts';
import { listWorkspaceMembers } from './list-workspace-members.ts';
import { removeWorkspaceMember } from './remove-workspace-member.ts';
import { updateOrganizationWorkspace } from './update-organization-workspace.ts';

export const tag = 'Organizations';
export const endpoints = [
  listOrganizationWorkspaces,
  createOrganizationWorkspace,
  getOrganizationWorkspace,
  updateOrganizationWorkspace,
  deleteOrganizationWorkspace,
  listWorkspaceMembers,
  addMemberToWorkspace,
  removeWorkspaceMember,
];
