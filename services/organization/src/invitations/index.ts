import { mail } from '../../migrations/0002_mail.ts';
import { invitationsOfThePlatform } from '../../migrations/0006_invitations_of_the_platform.ts';
import { invitationMails } from '../../migrations/0007_invitation_mails.ts';
import { mailClaims } from '../../migrations/0009_mail_claims.ts';
import { invitedNames } from '../../migrations/0013_invited_names.ts';
import { lifecycle } from '../../migrations/0015_lifecycle.ts';
import { earlierInvitationMails } from '../../migrations/0033_earlier_invitation_mails.ts';
import { pendingInvitations } from '../../migrations/0036_pending_invitations.ts';
import type { OrganizationTools } from '../endpoint.ts';
import { acceptInvitation } from './accept-invitation.ts';
import { bulkInvite, inviting } from './bulk-invite.ts';
import { expireInvitations } from './expire-invitations.ts';
import { inviteMember } from './invite-member.ts';
import { listInvitations, listOrganizationInvitations } from './list-invitations.ts';
import { previewInvitation } from './preview-invitation.ts';
import { releaseInvitations } from './release-invitations.ts';
import { resendInvitation } from './resend-invitation.ts';
import { revokeInvitation } from './revoke-invitation.ts';

export const tag = 'Invitations';
export const endpoints = [
  inviteMember,
  bulkInvite,
  listInvitations,
  listOrganizationInvitations,
  resendInvitation,
  revokeInvitation,
  previewInvitation,
  acceptInvitation,
];
export const jobKinds = [inviting];
export const schedules = [expireInvitations];
export const migrations = [
  mail,
  mailClaims,
  invitationsOfThePlatform,
  invitationMails,
  invitedNames,
  lifecycle,
  earlierInvitationMails,
  pendingInvitations,
];
export const consumers = ({ mailer, appUrl, mailLimits }: OrganizationTools) => [
  releaseInvitations({ mailer, appUrl, mailLimits }),
];
export { personalData } from './personal-data.ts';
