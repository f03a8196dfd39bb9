import type { Knex } from 'knex';

export interface PlanSettings {
  announce_at: Date | null;
  /** From when members need a second factor. */
  mfa_deadline: Date | null;
  /** From when members need an identity at a provider of the organization. */
  sso_deadline: Date | null;
  /** Days before a deadline at which members are reminded who do not meet it yet. */
  reminder_days: number[];
}

/** What an organization without a plan has. */
export const NO_PLAN: PlanSettings = {
  announce_at: null,
  mfa_deadline: null,
  sso_deadline: null,
  reminder_days: [],
};

export async function planOf(db: Knex.Transaction, organizationId: number): Promise<PlanSettings> {
  const found = await db('migration_plans')
    .where({ organization_id: organizationId })
    .first('announce_at', 'mfa_deadline', 'sso_deadline', 'reminder_days');
  return found ?? NO_PLAN;
}

export async function keepPlan(
  db: Knex.Transaction,
  organizationId: number,
  plan: PlanSettings,
): Promise<void> {
  await db('migration_plans')
    .insert({ organization_id: organizationId, ...plan, updated_at: db.fn.now() })
    .onConflict('organization_id')
    .merge();
}

export interface Exemption {
  user_id: number;
  reason: string;
}

export async function exemptionsOf(db: Knex.Transaction, organizationId: number): Promise<Exemption[]> {
  return await db('exemptions')
    .where({ organization_id: organizationId })
    .orderBy('user_id')
    .select('user_id', 'reason');
}

/** Those that stay keep when, and by whom, they were made. */
export async function replaceExemptions(
  db: Knex.Transaction,
  { organizationId, createdBy }: { organizationId: number; createdBy: number },
  exemptions: readonly Exemption[],
): Promise<void> {
  const ids = exemptions.map(({ user_id }) => user_id);
  await db('exemptions').where({ organization_id: organizationId }).whereNotIn('user_id', ids).delete();
  if (exemptions.length === 0) return;
  const rows = exemptions.map(({ user_id, reason }) => ({
    organization_id: organizationId,
    user_id,
    reason,
    created_by: createdBy,
  }));
  await db('exemptions').insert(rows).onConflict(['organization_id', 'user_id']).merge(['reason']);
}

export type Phase = 'planning' | 'announced' | 'overdue' | 'enforced';

/** Where the organization stands at a moment. */
export function phaseOf(
  { announce_at, mfa_deadline, sso_deadline }: PlanSettings,
  enforced: boolean,
  now: Date,
): Phase {
  if (enforced) return 'enforced';
  if ([mfa_deadline, sso_deadline].some(deadline => deadline !== null && deadline <= now)) return 'overdue';
  return announce_at !== null && announce_at <= now ? 'announced' : 'planning';
}
