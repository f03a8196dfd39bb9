import { ownershipTransfers } from '../../migrations/0026_ownership_transfers.ts';
import { acceptOwnership } from './accept-ownership.ts';
import { declineOwnership, withdrawOwnership } from './end-offer.ts';
import { getOwnershipTransfer } from './get-transfer.ts';
import { offerOwnership } from './offer-ownership.ts';

export const tag = 'Organizations';
export const endpoints = [
  offerOwnership,
  getOwnershipTransfer,
  acceptOwnership,
  declineOwnership,
  withdrawOwnership,
];
export const migrations = [ownershipTransfers];
export { personalData } from './personal-data.ts';
