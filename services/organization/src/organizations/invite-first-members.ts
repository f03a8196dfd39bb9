import { ValidationFailed } from '@rivergate/endpoint';
import type { Work } from '../endpoint.ts';
import {
  holdInvitation,
  type MailTools,
  prepareInvitation,
  sendInvitation,
} from '../invitations/issue-invitation.ts';
import { requireAllowedAddress } from '../members/allowed-domains.ts';
import type { BuiltInRoleIds, BuiltInRoleName } from '../roles/create-built-in-roles.ts';
import type { SettingsChange } from '../settings/settings.ts';
import type { Administrator } from './administrator.ts';

export interface FirstInvitation {
  email: string;
  role: BuiltInRoleName;
  message?: string | null | undefined;
}

/**
 * Writes the invitations of a new organization; they go out at once only if its administrator is verified.
 *
 * @throws ValidationFailed as refuseRepetition, EmailDomainNotAllowed
 */
export async function inviteFirstMembers(
  work: Work,
  organization: { id: number; name: string; settings: SettingsChange; plan: string },
  invitations: readonly FirstInvitation[],
  { workspace, roles, administrator, mailTools }: NewOrganization,
): Promise<void> {
  refuseRepetition(invitations, administrator.email);
  // In one order for all who count the mails to an address.
  const ordered = invitations.toSorted((one, other) => (one.email < other.email ? -1 : 1));
  for (const { email, role, message = null } of ordered) {
    requireAllowedAddress(organization.settings, email);
    const wanted = {
      email,
      workspace,
      role: { id: roles[role], name: role },
      message,
      invitedBy: administrator.userId,
    };
    if (!administrator.verified) await holdInvitation(work, organization, wanted);
    else {
      const id = await prepareInvitation(work, organization, wanted);
      if (id !== undefined) await sendInvitation(work, organization, id, wanted, mailTools);
    }
  }
}

interface NewOrganization {
  workspace: { id: number; name: string };
  roles: BuiltInRoleIds;
  administrator: Administrator;
  mailTools: MailTools;
}

/** @throws ValidationFailed for an address named twice, and for the administrator's own */
export function refuseRepetition(invitations: readonly FirstInvitation[], own: string): void {
  const seen = new Set([own]);
  const details = invitations.flatMap(({ email }, index) => {
    const field = `body.invitations.${index}.email`;
    if (seen.has(email))
      return [
        email === own
          ? ({ field, code: 'not_allowed', reason: "is the administrator's own" } as const)
          : ({ field, code: 'duplicate', reason: 'is named twice' } as const),
      ];
    seen.add(email);
    return [];
  });
  if (details.length > 0) throw ValidationFailed(undefined, details);
}
