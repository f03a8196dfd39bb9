import { acrossOrganizations, withinOrganization } from '@rivergate/endpoint';
import type { Resources, Schedule } from '@rivergate/service';
import type { SsoTools } from '../endpoint.ts';
import type { NoticeKind } from './notice-kind.ts';
import { noteNotices } from './notices.ts';
import { planOf } from './plan-store.ts';
import { readinessOf } from './readiness.ts';

const DEADLINES = {
  send_mfa_reminders: 'mfa_deadline',
  send_sso_reminders: 'sso_deadline',
} as const satisfies Partial<Record<NoticeKind, string>>;
type Reminder = keyof typeof DEADLINES;

/** Reminds members of deadlines, each time as many days before as their organization's plan says. */
export const remindByPlan: Schedule<SsoTools & Resources> = {
  name: 'remind of migration deadlines',
  every: 900,
  async run(tools) {
    for (const kind of Object.keys(DEADLINES) as Reminder[])
      for (const organizationId of await due(tools, kind))
        await remind(tools, organizationId, kind).catch(cause =>
          tools.log.warn({ err: cause, organization_id: organizationId }, 'Members were not reminded'),
        );
  },
};

/** SQL: what is noted of a reminder that has gone out. */
const MARK = (deadline: string) =>
  `concat(:kind::text, ', ', extract(epoch from plan.${deadline})::bigint, ', ', days)`;

/** SQL: days before the deadline of a plan that have come, of which nobody was reminded. */
const OPEN = (deadline: string) => `from migration_plans as plan, unnest(plan.reminder_days) as days
  where plan.${deadline} > now() and plan.${deadline} - days * interval '1 day' <= now()
    and not ${MARK(deadline)} = any (plan.reminded)`;

async function due({ knex }: Pick<Resources, 'knex'>, kind: Reminder): Promise<number[]> {
  return await knex.transaction(async db => {
    await acrossOrganizations(db);
    const { rows } = await db.raw(`select distinct plan.organization_id ${OPEN(DEADLINES[kind])}`, { kind });
    return rows.map(({ organization_id }: { organization_id: number }) => organization_id);
  });
}

/** Of several days that have come at once, as with a new plan, members are reminded one time. */
async function remind({ knex, call }: Resources, organizationId: number, kind: Reminder): Promise<void> {
  const briefly = <Result>(read: Parameters<typeof within<Result>>[2]) => within(knex, organizationId, read);
  const plan = await briefly(db => planOf(db, organizationId));
  const members = await readinessOf({ call, briefly }, organizationId, plan, null);
  await briefly(async db => {
    const own = { organization_id: organizationId };
    await db('migration_plans').where(own).forUpdate().first('organization_id');
    const deadline = DEADLINES[kind];
    const { rows } = await db.raw(
      `select ${MARK(deadline)} as mark ${OPEN(deadline)} and plan.organization_id = :organization`,
      { kind, organization: organizationId },
    );
    const marks = rows.map(({ mark }: { mark: string }) => mark);
    await db('migration_plans')
      .where(own)
      .update({ reminded: db.raw('reminded || cast(? as text[])', [marks]) });
    if (rows.length > 0) await noteNotices(db, organizationId, kind, members);
  });
}

function within<Result>(
  knex: Resources['knex'],
  organizationId: number,
  work: (db: Parameters<typeof planOf>[0]) => Promise<Result>,
): Promise<Result> {
  return knex.transaction(async db => {
    await withinOrganization(db, organizationId);
    return await work(db);
  });
}
