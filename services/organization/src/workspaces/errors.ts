import { error } from '@rivergate/endpoint';

export { WorkspaceNotFound } from '@rivergate/contracts';

export const WorkspaceAlreadyExists = error(
  'WORKSPACE_ALREADY_EXISTS',
  409,
  'The organization has a workspace of this name, or of one that is written the same in a URL',
);
