import { displayText, error, Id, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { MemberOfRow } from '../accounts/member-of-row.ts';

export const ImpersonationNotFound = error('IMPERSONATION_NOT_FOUND', 404, 'No such impersonation');
export const ImpersonationRefused = error(
  'IMPERSONATION_REFUSED',
  403,
  'Acting in the name of a user takes user.impersonate and every right of that user in the organization',
);
export const ImpersonationOpen = error(
  'IMPERSONATION_OPEN',
  409,
  'You have asked this user already, or act in their name; end that first',
);
export const ImpersonationStateConflict = error(
  'IMPERSONATION_STATE_CONFLICT',
  409,
  'The impersonation is not in a state in which this can be done',
);

export const Status = z.enum(['pending', 'active', 'denied', 'expired', 'ended']).meta({
  description:
    'active: approved, and its time is not over, whether it was started or not; expired: never answered',
});

export const Reason = displayText(500).meta({ examples: ['Ticket 4711: the report that you miss'] });
export const Minutes = z.int().min(5).max(60).meta({ description: 'For how long, from the approval on' });

export const Impersonation = z
  .object({
    id: Id,
    organization: z.object({ id: Id, name: z.string() }),
    user: MemberOfRow.meta({ description: 'In whose name' }),
    administrator: MemberOfRow.meta({ description: 'Who asked, and alone can act' }),
    reason: Reason,
    minutes: Minutes,
    status: Status,
    requested_at: Timestamp,
    expires_at: Timestamp.meta({ description: 'Until when it can be approved' }),
    approved_at: Timestamp.nullable(),
    ends_at: Timestamp.nullable(),
    started_at: Timestamp.nullable().meta({ description: 'When the administrator began to act' }),
    ended_at: Timestamp.nullable(),
    end_reason: z
      .string()
      .nullable()
      .meta({ examples: ['ended_by_member'] }),
  })
  .meta({ id: 'Impersonation' });
