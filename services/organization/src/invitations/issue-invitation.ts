import { invitationPrepared, invitationSent } from '@rivergate/events';
import type { Mailer } from '@rivergate/mail';
import { oneTimeToken, tokenHash } from '@rivergate/secrets';
import type { Work } from '../endpoint.ts';
import type { OrganizationRow } from '../organizations/organization-store.ts';
import { personOf } from '../people/people-store.ts';
import { effectiveSettings } from '../settings/settings.ts';
import { noteLapsed } from './expire-invitations.ts';
import { invitationMail } from './invitation-mail.ts';
import { type MailLimits, requireMailLimits } from './mail-limits.ts';

const DAY = 86_400_000;

export interface MailTools {
  mailer: Mailer;
  appUrl: string;
  mailLimits: MailLimits;
}

type Inviting = Pick<OrganizationRow, 'id' | 'name' | 'settings'>;

export interface NewInvitation {
  email: string;
  workspace: { id: number; name: string };
  role: { id: number; name: string };
  message: string | null;
  /** What the organization will show the member as; null: by the user's own name. */
  displayName?: string | null;
  invitedBy: number;
  /** Sent by a system administrator, who needs no standing in the organization. */
  bySystemAdmin?: boolean;
}

/**
 * Writes an invitation that waits; `sendInvitation` lets it go. The caller holds the organization's lock.
 *
 * @returns undefined when a pending one for the address exists
 */
export async function prepareInvitation(
  { db, emit }: Work,
  organization: Inviting,
  { email, workspace, role, message, displayName = null, invitedBy, bySystemAdmin = false }: NewInvitation,
): Promise<number | undefined> {
  const organizationId = organization.id;
  await noteLapsed({ db, emit }, organizationId, email);
  const [row] = await db('invitations')
    .insert({
      organization_id: organizationId,
      email,
      workspace_id: workspace.id,
      role_id: role.id,
      message,
      display_name: displayName,
      invited_by: invitedBy,
      by_system_admin: bySystemAdmin,
      expires_at: expiry(organization),
    })
    .onConflict(db.raw("(organization_id, email) where status = 'pending'"))
    .ignore()
    .returning('id');
  return row?.id;
}

/** As prepareInvitation, for an invitation that has to wait until its administrator's address is verified. */
export async function holdInvitation(
  work: Work,
  organization: Inviting,
  wanted: NewInvitation,
): Promise<void> {
  const id = await prepareInvitation(work, organization, wanted);
  if (id === undefined) return;
  const { email, workspace, role, invitedBy } = wanted;
  await work.emit(invitationPrepared, {
    aggregateId: id,
    organizationId: organization.id,
    userId: invitedBy,
    data: {
      invitation_id: id,
      organization_id: organization.id,
      workspace_id: workspace.id,
      role_id: role.id,
      email,
    },
  });
}

/**
 * Gives an invitation its token and its time, and mails it. A token that it had before opens nothing any more.
 *
 * @returns the token, which is nowhere else
 * @throws RateLimited before anything is written
 */
export async function sendInvitation(
  { db, emit }: Work,
  organization: Inviting,
  id: number,
  { email, workspace, role, message, invitedBy }: NewInvitation,
  { mailer, appUrl, mailLimits }: MailTools,
): Promise<{ token: string; expiresAt: Date }> {
  await requireMailLimits(db, { organizationId: organization.id, email, invitedBy }, mailLimits);
  const token = oneTimeToken();
  const expiresAt = expiry(organization);
  await db('invitations')
    .where({ id, organization_id: organization.id })
    .update({ token_hash: tokenHash(token), sent_at: db.fn.now(), expires_at: expiresAt });
  await db('invitation_mails').insert({
    organization_id: organization.id,
    invitation_id: id,
    email,
    invited_by: invitedBy,
  });
  const inviter = await personOf(db, invitedBy);
  const mail = invitationMail({
    email,
    organizationName: organization.name,
    workspaceName: workspace.name,
    roleName: role.name,
    inviterName: inviter?.display_name ?? organization.name,
    message,
    token,
    expiresAt,
    appUrl,
  });
  await mailer.send(db, mail);
  await emit(invitationSent, {
    aggregateId: id,
    organizationId: organization.id,
    userId: invitedBy,
    data: {
      invitation_id: id,
      organization_id: organization.id,
      workspace_id: workspace.id,
      role_id: role.id,
      email,
      expires_at: expiresAt.toISOString(),
    },
  });
  return { token, expiresAt };
}

function expiry(organization: Inviting): Date {
  return new Date(Date.now() + effectiveSettings(organization.settings).invitations.expiry_days * DAY);
}
