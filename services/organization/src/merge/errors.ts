import { error } from '@rivergate/endpoint';

export const CannotMerge = error('CANNOT_MERGE', 409, 'These two users cannot be merged');
export const MergeNotProven = error(
  'MERGE_NOT_PROVEN',
  409,
  'Nobody has shown that both accounts are theirs: the duplicate gets a code, and the other account redeems it',
);
export const MergeCodeNotFound = error(
  'MERGE_CODE_NOT_FOUND',
  404,
  'No such code in this organization, or it has expired or was redeemed',
);
