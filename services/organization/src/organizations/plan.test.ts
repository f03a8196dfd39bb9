import { describe, expect, it } from 'vitest';
import { plansFromEnvironment } from './plan.ts';

describe('plans', () => {
  it('give new organizations the enterprise plan unless the operator says otherwise', () => {
    expect(plansFromEnvironment({}).initial).toBe('enterprise');
    expect(plansFromEnvironment({ DEFAULT_PLAN: 'professional' }).initial).toBe('professional');
  });

  it('give a personal organization one seat, and an unknown plan none', () => {
    expect(plansFromEnvironment({}).seats('individual')).toBe(1);
    expect(plansFromEnvironment({}).seats('platinum')).toBe(0);
    expect(plansFromEnvironment({ PLAN_SEATS_PROFESSIONAL: '7' }).seats('professional')).toBe(7);
  });

  it('refuse to boot with what makes no sense', () => {
    expect(() => plansFromEnvironment({ DEFAULT_PLAN: 'gold' })).toThrow('DEFAULT_PLAN');
    expect(() => plansFromEnvironment({ PLAN_SEATS_ENTERPRISE: '-1' })).toThrow('PLAN_SEATS_ENTERPRISE');
  });
});
