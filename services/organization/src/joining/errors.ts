import { error } from '@rivergate/endpoint';

export const JoinRequestNotFound = error('JOIN_REQUEST_NOT_FOUND', 404, 'No such request to join is pending');
export const JoinRequestLapsed = error(
  'JOIN_REQUEST_LAPSED',
  409,
  'The address of this person is at no verified domain of the organization any more; send an invitation instead',
);
