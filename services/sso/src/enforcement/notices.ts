import type { Mailer } from '@rivergate/mail';
import type { Knex } from 'knex';
import type { NoticeKind } from './notice-kind.ts';
import { noticeMail } from './notice-mails.ts';
import type { PlanSettings } from './plan-store.ts';
import { isPending, type Readiness } from './readiness.ts';

/** Whom a kind of notice is for. Who is exempt is told nothing. */
const LACKS: Record<NoticeKind, (member: Readiness) => boolean> = {
  mfa_setup: ({ mfa_enabled }) => !mfa_enabled,
  sso_migration: ({ sso_linked }) => !sso_linked,
  enforcement_warning: isPending,
  send_mfa_reminders: ({ mfa_enabled }) => !mfa_enabled,
  send_sso_reminders: ({ sso_linked }) => !sso_linked,
};

interface Tools {
  db: Knex.Transaction;
  mailer: Mailer;
  publicUrl: string;
}

/** Queues a mail to each whom it is for and who got none of the kind within 24 hours. @returns how many those are */
export async function sendNotices(
  { db, mailer, publicUrl }: Tools,
  organizationId: number,
  kind: NoticeKind,
  members: readonly Readiness[],
  plan: PlanSettings,
): Promise<number> {
  const meant = members.filter(member => !member.exempt && LACKS[kind](member));
  const told = new Set(
    await noteSent(
      db,
      organizationId,
      kind,
      meant.map(({ user_id }) => user_id),
    ),
  );
  for (const { user_id, email, display_name } of meant) {
    if (told.has(user_id)) await mailer.send(db, noticeMail(kind, { email, display_name }, plan, publicUrl));
  }
  return told.size;
}

/** One statement, in the order of ids: of two at the same time, one notes each member. @returns who got none of late */
async function noteSent(
  db: Knex.Transaction,
  organizationId: number,
  kind: NoticeKind,
  userIds: number[],
): Promise<number[]> {
  const { rows } = await db.raw(
    `insert into member_notices as known (organization_id, user_id, kind, sent_at)
     select :organization, user_id, :kind, now() from unnest(cast(:users as bigint[])) as user_id order by user_id
     on conflict (organization_id, user_id, kind) do update set sent_at = excluded.sent_at
       where known.sent_at <= now() - interval '24 hours'
     returning user_id`,
    { organization: organizationId, kind, users: userIds },
  );
  return rows.map(({ user_id }: { user_id: number }) => user_id);
}
