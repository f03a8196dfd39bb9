import { Id, isVisible, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { Reference } from '../reference.ts';
import { InvitationAlreadyAccepted, InvitationExpired, InvitationRevoked } from './errors.ts';
import type { InvitationRow, InvitationStatus } from './invitation-store.ts';

export const Status = z.enum(['pending', 'accepted', 'revoked', 'expired']);

/** Plain text of several lines: what a mail shows as it stands, so nothing in it can be markup or a header. */
export const PersonalMessage = z
  .string()
  .trim()
  .max(1000)
  .regex(/^[^\p{Cc}]*(?:[\r\n\t][^\p{Cc}]*)*$/u, 'must not hold control characters')
  .refine(isVisible, 'must not hold invisible characters')
  .transform(text => text || null)
  .meta({
    description: 'Plain text of several lines without other control characters, put into the invitation mail',
    pattern: '^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$',
  });

/** An invitation as lists show it; never with its token. */
export const Invitation = z
  .object({
    id: Id,
    email: z.string(),
    organization: Reference,
    workspace: Reference.nullable().meta({ description: 'null once the workspace is gone' }),
    role: Reference.nullable().meta({ description: 'null once the role is gone' }),
    status: Status,
    expires_at: Timestamp,
    created_at: Timestamp,
  })
  .meta({ id: 'Invitation' });

export function shown(row: InvitationRow) {
  return {
    id: row.id,
    email: row.email,
    organization: { id: row.organization_id, name: row.organization_name },
    workspace: named(row.workspace_id, row.workspace_name),
    role: named(row.role_id, row.role_name),
    status: row.status,
    expires_at: row.expires_at,
    created_at: row.created_at,
  };
}

function named(id: number | null, name: string | null): { id: number; name: string } | null {
  return id === null || name === null ? null : { id, name };
}

/** What a state other than pending answers, on preview, acceptance and revocation alike. */
export const CLOSED = [InvitationAlreadyAccepted, InvitationExpired, InvitationRevoked] as const;

/** Message of InvitationRevoked where the invitation ended with the right of its sender. */
export const NO_LONGER_HANDED_OUT =
  'The one who sent the invitation may not hand out its role any more; ask for a new one';

/** @throws what the state of an invitation answers that can no longer be accepted or revoked */
export function requirePending({ status }: { status: InvitationStatus }): void {
  if (status === 'accepted') throw InvitationAlreadyAccepted();
  if (status === 'revoked') throw InvitationRevoked();
  if (status === 'expired') throw InvitationExpired();
}
