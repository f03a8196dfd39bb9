import { indexesOfWorkspaces } from '../../migrations/0014_indexes_of_workspaces.ts';
import { cloneWorkspace } from './clone-workspace.ts';
import { createWorkspaceOfCaller } from './create-workspace.ts';
import { deleteWorkspaceOfCaller } from './delete-workspace.ts';
import { getWorkspace } from './get-workspace.ts';
import { listWorkspaces } from './list-workspaces.ts';
import { provisionWorkspaces } from './provision-workspaces.ts';
import { updateWorkspace } from './update-workspace.ts';
import { getWorkspaceSettings, updateWorkspaceSettings } from './workspace-settings-endpoints.ts';

export const tag = 'Workspaces';
export const endpoints = [
  listWorkspaces,
  createWorkspaceOfCaller,
  getWorkspace,
  updateWorkspace,
  deleteWorkspaceOfCaller,
  getWorkspaceSettings,
  updateWorkspaceSettings,
  cloneWorkspace,
  provisionWorkspaces,
];
export const migrations = [indexesOfWorkspaces];
export { personalData } from './personal-data.ts';
