import { error } from '@rivergate/endpoint';

export const ErasureNotFound = error('ERASURE_NOT_FOUND', 404, 'No such erasure');
export const MembershipsChanged = error(
  'MEMBERSHIPS_CHANGED',
  409,
  'You joined another organization meanwhile; try again',
);
