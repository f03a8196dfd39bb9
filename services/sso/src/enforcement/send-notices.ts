import { acrossOrganizations, withinOrganization } from '@rivergate/endpoint';
import type { Resources, Worker } from '@rivergate/service';
import { wakeAfterCommit } from '@rivergate/service';
import type { Knex } from 'knex';
import type { SsoTools } from '../endpoint.ts';
import type { NoticeKind } from './notice-kind.ts';
import { noticeMail } from './notice-mails.ts';
import { isMeant, NOTICE_WORKER } from './notices.ts';
import { planOf } from './plan-store.ts';
import { readinessAmong } from './readiness.ts';

interface Run {
  organization_id: number;
  kind: NoticeKind;
  due_at: Date;
}

/** Mails that one transaction makes. */
const BATCH = 200;
/** Seconds for which a batch is one process's: longer than identity may take to answer. */
const LEASE = 60;

type Tools = Pick<SsoTools & Resources, 'knex' | 'call' | 'mailer' | 'appUrl'>;

/**
 * Makes the mails of notices that are noted, a batch of one organization in its turn. The mails and the note that they are made
 * are one transaction, so that nobody gets one twice whenever a process ends. Who is not meant any more gets none.
 */
export const sendNotices: Worker<Tools, Run> = {
  ...NOTICE_WORKER,
  slots: 4,
  claim: ({ knex }, most) =>
    knex.transaction(async db => {
      await acrossOrganizations(db);
      const { rows } = await db.raw(
        `update notice_runs as run set due_at = date_trunc('milliseconds', now()) + ? * interval '1 second'
         from (select organization_id, kind from notice_runs
           where due_at <= now() order by due_at limit ? for update skip locked) as due
         where run.organization_id = due.organization_id and run.kind = due.kind
         returning run.organization_id, run.kind, run.due_at`,
        [LEASE, most],
      );
      return rows;
    }),
  async work({ knex, call, mailer, appUrl }, run) {
    const { organization_id: organizationId, kind } = run;
    const briefly = <Result>(read: (db: Knex.Transaction) => Promise<Result>): Promise<Result> =>
      knex.transaction(async db => {
        await withinOrganization(db, organizationId);
        return await read(db);
      });
    const { plan, userIds } = await briefly(async db => ({
      plan: await planOf(db, organizationId),
      userIds: await nextOf(db, run),
    }));
    const members =
      userIds.length === 0 ? [] : await readinessAmong({ call, briefly }, organizationId, plan, userIds);
    await briefly(async db => {
      // Not where it was this process's for too long, or more has been added to it.
      const own = db('notice_runs').where({ ...run });
      if (!(await own.clone().forUpdate().first('kind'))) return;
      const turns = new Set(await takeTurns(db, run, userIds));
      for (const member of members)
        if (turns.has(member.user_id) && isMeant(kind, member))
          await mailer.send(db, noticeMail(kind, member, plan, appUrl));
      const isDone = (await nextOf(db, run)).length === 0;
      await own.update({
        // Of somebody who was erased meanwhile there is no turn.
        handled: isDone ? db.ref('members') : db.raw('handled + ?', [turns.size]),
        due_at: isDone ? null : db.fn.now(),
      });
      if (!isDone) wakeAfterCommit(db, NOTICE_WORKER);
    });
  },
};

const pending = (db: Knex.Transaction, { organization_id, kind }: Run) =>
  db('member_notices').where({ organization_id, kind, mail_pending: true });

const nextOf = async (db: Knex.Transaction, run: Run): Promise<number[]> =>
  await pending(db, run).orderBy('user_id').limit(BATCH).pluck('user_id');

async function takeTurns(db: Knex.Transaction, run: Run, userIds: number[]): Promise<number[]> {
  const taken: { user_id: number }[] = await pending(db, run)
    .whereRaw('user_id = any (?)', [userIds])
    .update({ mail_pending: false })
    .returning('user_id');
  return taken.map(({ user_id }) => user_id);
}
