import { type Worker, wakeAfterCommit } from '@rivergate/service';
import type { Knex } from 'knex';
import type { NoticeKind } from './notice-kind.ts';
import { isPending, type Readiness } from './readiness.ts';

/** Whom a kind of notice is for. */
const LACKS: Record<NoticeKind, (member: Readiness) => boolean> = {
  mfa_setup: ({ mfa_enabled }) => !mfa_enabled,
  sso_migration: ({ sso_linked }) => !sso_linked,
  enforcement_warning: isPending,
  send_mfa_reminders: ({ mfa_enabled }) => !mfa_enabled,
  send_sso_reminders: ({ sso_linked }) => !sso_linked,
};

/** Who is exempt is told nothing. */
export const isMeant = (kind: NoticeKind, member: Readiness): boolean =>
  !member.exempt && LACKS[kind](member);

/** The worker that makes the mails, by its name. */
export const NOTICE_WORKER = { name: 'notices to members' } satisfies Pick<Worker<never>, 'name'>;

/**
 * Notes each member whom it is for and who got none of the kind within 24 hours; their mails are made in batches once this is
 * committed.
 *
 * @returns how many those are
 */
export async function noteNotices(
  db: Knex.Transaction,
  organizationId: number,
  kind: NoticeKind,
  members: readonly Readiness[],
): Promise<number> {
  const meant = members.filter(member => isMeant(kind, member)).map(({ user_id }) => user_id);
  const { rows } = await db.raw(
    // One statement, in the order of ids: of two at the same time, one notes each member.
    `with noted as (
       insert into member_notices as known (organization_id, user_id, kind, sent_at, mail_pending)
       select :organization, user_id, :kind, now(), true
         from unnest(cast(:users as bigint[])) as user_id order by user_id
       on conflict (organization_id, user_id, kind) do update set sent_at = excluded.sent_at, mail_pending = true
         where known.sent_at <= now() - interval '24 hours'
       returning user_id
     ) select cast(count(*) as int) as count from noted`,
    { organization: organizationId, kind, users: meant },
  );
  const { count } = rows[0];
  if (count === 0) return 0;
  await db.raw(
    `insert into notice_runs as run (organization_id, kind, members, due_at) values (:organization, :kind, :count, now())
     on conflict (organization_id, kind) do update set
       members = case when run.due_at is null then 0 else run.members end + excluded.members,
       handled = case when run.due_at is null then 0 else run.handled end,
       started_at = case when run.due_at is null then now() else run.started_at end,
       due_at = now()`,
    { organization: organizationId, kind, count },
  );
  wakeAfterCommit(db, NOTICE_WORKER);
  return count;
}

/** How far the last notices of each kind are. */
export async function noticesOf(
  db: Knex.Transaction,
  organizationId: number,
): Promise<{ kind: NoticeKind; members: number; waiting: number; started_at: Date }[]> {
  return await db('notice_runs')
    .where({ organization_id: organizationId })
    .orderBy('kind')
    .select('kind', 'members', db.raw('members - handled as waiting'), 'started_at');
}
