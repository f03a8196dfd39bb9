import { error, Forbidden, PreconditionFailed, UpstreamUnavailable } from '@rivergate/endpoint';
import {
  InvalidFilter,
  InvalidPath,
  InvalidSyntax,
  InvalidValue,
  Mutability,
  NoTarget,
  TooMany,
  Uniqueness,
} from './protocol/errors.ts';

export const ScimUserNotFound = error('USER_NOT_FOUND', 404, 'User not found');
export const ScimGroupNotFound = error('GROUP_NOT_FOUND', 404, 'Group not found');
export const ScimOff = error('SCIM_OFF', 403, 'Provisioning by SCIM is turned off for this organization');
export const LastAdministratorStays = error(
  'LAST_ADMINISTRATOR',
  403,
  'The organization would have no active administrator left',
);
export const DeprovisioningStopped = error(
  'DEPROVISIONING_STOPPED',
  403,
  'More members would be deprovisioned within an hour than the organization allows; an administrator has to let it go on',
);

/** What may refuse a change, whichever resource it is about. */
export const CHANGE_ERRORS = [
  InvalidSyntax,
  InvalidPath,
  InvalidFilter,
  InvalidValue,
  Mutability,
  NoTarget,
  TooMany,
  Uniqueness,
  ScimOff,
  Forbidden,
  PreconditionFailed,
  UpstreamUnavailable,
] as const;

export const USER_ERRORS = [
  ScimUserNotFound,
  LastAdministratorStays,
  DeprovisioningStopped,
  ...CHANGE_ERRORS,
] as const;

export const GROUP_ERRORS = [ScimGroupNotFound, ...CHANGE_ERRORS] as const;
