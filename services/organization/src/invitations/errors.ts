import { error } from '@rivergate/endpoint';

export const InvitationNotFound = error('INVITATION_NOT_FOUND', 404, 'No such invitation');
export const InvitationAlreadyExists = error(
  'INVITATION_ALREADY_EXISTS',
  409,
  'A pending invitation for this address exists already',
);
export const InvitationAlreadyAccepted = error(
  'INVITATION_ALREADY_ACCEPTED',
  409,
  'The invitation has been accepted already',
);
export const InvitationExpired = error(
  'INVITATION_EXPIRED',
  410,
  'The invitation has lapsed; ask for a new one',
);
export const InvitationRevoked = error('INVITATION_REVOKED', 410, 'The invitation was taken back');
export const InvitationEmailMismatch = error(
  'INVITATION_EMAIL_MISMATCH',
  403,
  'The invitation is for an address that is none of your verified ones',
);
