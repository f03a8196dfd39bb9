import { error } from '@rivergate/endpoint';

export { WorkspaceNotFound } from '@rivergate/contracts';

export const WorkspaceAlreadyExists = error(
  'WORKSPACE_ALREADY_EXISTS',
  409,
  'The organization has a workspace of this name, or of one that is written the same in a URL',
);
export const DefaultWorkspace = error(
  'DEFAULT_WORKSPACE',
  409,
  'The default workspace cannot be deleted; make another one the default first',
);
export const AlreadyWorkspaceMember = error(
  'ALREADY_WORKSPACE_MEMBER',
  409,
  'This person is a member of the workspace already',
);
export const TooManyMembers = error(
  'TOO_MANY_MEMBERS',
  409,
  'The workspace has more members than one request copies; clone it without them',
);
