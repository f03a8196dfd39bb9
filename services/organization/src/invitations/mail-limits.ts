import { type RateLimit, type RateLimitClass, rateLimitHeaders, rateLimitsFromEnv } from '@rivergate/caller';
import { acrossOrganizations, rateLimited, withinOrganization } from '@rivergate/endpoint';
import type { Knex } from 'knex';

/** How many invitation mails may go to one recipient, from one sender and from one organization; null is no limit. */
export type MailLimits = Readonly<Record<'recipient' | 'sender' | 'organization', RateLimit | null>>;

const CLASSES = {
  recipient: 'invitation_mail',
  sender: 'invitation_sender',
  organization: 'invitation_organization',
} as const satisfies Record<keyof MailLimits, RateLimitClass>;

export function mailLimitsFromEnv(env: Record<string, string | undefined>): MailLimits {
  const limits = rateLimitsFromEnv(env);
  return {
    recipient: limits[CLASSES.recipient],
    sender: limits[CLASSES.sender],
    organization: limits[CLASSES.organization],
  };
}

interface InvitationMail {
  organizationId: number;
  email: string;
  invitedBy: number;
}

/**
 * Refuses one mail too many, whichever way it comes about. What was sent is counted in a table of its own, in the
 * transaction that writes the mail: exact among processes, and no call over the network. The caller holds the
 * organization's lock and comes with several mails in the order of their addresses, so that no two wait for each other.
 *
 * @throws RateLimited
 */
export async function requireMailLimits(
  db: Knex.Transaction,
  { organizationId, email, invitedBy }: InvitationMail,
  limits: MailLimits,
): Promise<void> {
  for (const key of [`sender ${invitedBy}`, `recipient ${email}`])
    await db.raw("select pg_advisory_xact_lock(hashtextextended('invitation mail ' || ?, 0))", [key]);
  // The same person may be invited, and invite, in any organization.
  await acrossOrganizations(db);
  await requireLimit(db, 'sender', limits, { invited_by: invitedBy });
  await requireLimit(db, 'recipient', limits, { email });
  await withinOrganization(db, organizationId);
  await requireLimit(db, 'organization', limits, { organization_id: organizationId });
}

async function requireLimit(
  db: Knex.Transaction,
  kind: keyof MailLimits,
  limits: MailLimits,
  sent: Record<string, string | number>,
): Promise<void> {
  const limit = limits[kind];
  if (!limit) return;
  const { count, seconds } = limit;
  // The mail that has to leave the window before another one may go: the oldest of the last `count`.
  const blocking = await db('invitation_mails')
    .where(sent)
    .whereRaw("sent_at > now() - ? * interval '1 second'", [seconds])
    .orderBy('sent_at', 'desc')
    .offset(count - 1)
    .first(
      db.raw("ceil(extract(epoch from sent_at + ? * interval '1 second' - now()))::int as left", [seconds]),
    );
  if (!blocking) return;
  const verdict = {
    class: CLASSES[kind],
    allowed: false,
    limit: count,
    windowSeconds: seconds,
    remaining: 0,
    resetSeconds: Math.max(1, blocking.left),
  };
  throw rateLimited(verdict, rateLimitHeaders(verdict));
}
