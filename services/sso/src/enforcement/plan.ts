import { displayText, Id, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import type { Exemption, Phase, PlanSettings } from './plan-store.ts';

export const Plan = z
  .object({
    phase: z.enum(['planning', 'announced', 'overdue', 'enforced']).meta({
      description: 'Announced from announce_at on, overdue from the first deadline on, enforced while SSO is',
    }),
    announce_at: Timestamp.nullable(),
    mfa_deadline: Timestamp.nullable().meta({ description: 'When members are to have a second factor' }),
    sso_deadline: Timestamp.nullable().meta({
      description: 'When members are to have an identity at a provider of the organization',
    }),
    reminder_days: z.array(z.int()).meta({
      description: 'Days before a deadline at which members are reminded who do not meet it yet',
    }),
    exemptions: z.array(
      z.object({ user_id: Id, reason: z.string().meta({ examples: ['On leave until March'] }) }),
    ),
  })
  .meta({ id: 'SsoMigrationPlan' });

const Exempt = z.strictObject({ user_id: Id, reason: displayText(200) });
const once = <Item>(key: (item: Item) => unknown) => ({
  check: (items: Item[]) => new Set(items.map(key)).size === items.length,
  refusal: { error: 'names something twice', params: { code: 'duplicate' } },
});
const days = once<number>(day => day);
const people = once<z.output<typeof Exempt>>(({ user_id }) => user_id);
const Moment = z.iso.datetime({ offset: true }).nullable();

/** Fields left out keep their value; a list that is given replaces the one before. */
export const PlanChange = z
  .object({
    announce_at: Moment,
    mfa_deadline: Moment,
    sso_deadline: Moment,
    reminder_days: z.array(z.int().min(1).max(90)).max(10).refine(days.check, days.refusal),
    exemptions: z.array(Exempt).max(500).refine(people.check, people.refusal),
  })
  .partial()
  .meta({ examples: [{ sso_deadline: '2030-01-01T00:00:00Z', reminder_days: [14, 3] }] });

export function shownPlan(plan: PlanSettings, phase: Phase, exemptions: Exemption[]) {
  return { phase, ...plan, exemptions };
}
