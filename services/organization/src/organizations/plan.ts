/** individual: personal organizations, one member. The others are what an operator sells or gives. */
export const PLANS = ['individual', 'professional', 'enterprise'] as const;
export type Plan = (typeof PLANS)[number];

/** What the operator's plans allow. */
export interface Plans {
  /** The plan of a new organization that is not a personal one. */
  initial: Plan;
  /** Members and pending invitations that an organization of this plan may have together. */
  seats(plan: string): number;
}

const SEATS: Record<Plan, number> = { individual: 1, professional: 50, enterprise: 10_000 };

/**
 * Reads DEFAULT_PLAN (default enterprise) and PLAN_SEATS_<PLAN> (members).
 *
 * @throws Error for a plan that does not exist or a number that is none: a service must not boot with them
 */
export function plansFromEnvironment(environment: Record<string, string | undefined>): Plans {
  const initial = environment.DEFAULT_PLAN || 'enterprise';
  if (!isPlan(initial)) throw new Error(`DEFAULT_PLAN must be one of ${PLANS.join(', ')}, not "${initial}"`);
  const seats = { ...SEATS };
  for (const plan of PLANS) {
    const variable = `PLAN_SEATS_${plan.toUpperCase()}`;
    const text = environment[variable];
    if (!text) continue;
    if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`${variable} must be a positive number, not "${text}"`);
    seats[plan] = Number(text);
  }
  // A plan that this version does not know gives no seat: nobody gets in by a misspelling.
  return { initial, seats: plan => (isPlan(plan) ? seats[plan] : 0) };
}

function isPlan(name: string): name is Plan {
  return (PLANS as readonly string[]).includes(name);
}
