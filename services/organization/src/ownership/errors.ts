import { error } from '@rivergate/endpoint';

export const TransferNotFound = error(
  'OWNERSHIP_TRANSFER_NOT_FOUND',
  404,
  'Nobody offers to hand the organization over, or not to you',
);
export const TransferPending = error(
  'OWNERSHIP_TRANSFER_PENDING',
  409,
  'The organization is offered to somebody already; withdraw that first',
);
export const TransferNotPossible = error(
  'OWNERSHIP_TRANSFER_NOT_POSSIBLE',
  409,
  'The organization cannot be handed to this member',
);
