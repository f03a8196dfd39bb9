import { describe, expect, it } from 'vitest';
import {
  changedSettings,
  changeSettings,
  DEFAULT_SETTINGS,
  effectiveSettings,
  SettingsChange,
} from './settings.ts';

const NOW = new Date('2026-01-01T00:00:00Z');

describe('settings', () => {
  it('are the platform defaults until something is set', () => {
    expect(effectiveSettings({})).toEqual(DEFAULT_SETTINGS);
  });

  it('keep what a change does not name', () => {
    const stored = changeSettings(
      { tokens: { access_token_minutes: 10 } },
      { tokens: { refresh_token_days: 2 } },
      NOW,
    );
    expect(effectiveSettings(stored).tokens).toMatchObject({
      access_token_minutes: 10,
      refresh_token_days: 2,
    });
  });

  it('give a new requirement of MFA its days of grace', () => {
    const stored = changeSettings({}, { mfa: { required: true, grace_days: 3 } }, NOW);
    expect(effectiveSettings(stored).mfa.deadline).toBe('2026-01-04T00:00:00.000Z');
    const kept = changeSettings(stored, { mfa: { grace_days: 30 } }, new Date('2026-01-02T00:00:00Z'));
    expect(effectiveSettings(kept).mfa.deadline).toBe('2026-01-04T00:00:00.000Z');
    expect(
      effectiveSettings(changeSettings(kept, { mfa: { required: false } }, NOW)).mfa.deadline,
    ).toBeNull();
  });

  it('name what changed', () => {
    const after = effectiveSettings({ sso: { required: true }, devices: { trust_days: 30 } });
    expect(changedSettings(DEFAULT_SETTINGS, after)).toEqual(['sso.required']);
  });

  it.each([
    { password_policy: { min_length: 4 } },
    { tokens: { access_token_minutes: 600 } },
    { sessions: { lifetime_minutes: 1e9 } },
    { features: { unknown: true } },
    { __proto_: {} },
    { mfa: { deadline: 'soon' } },
    { mfa: { deadline: '9999-12-31T23:59:59Z' } },
  ])('do not loosen the platform nor take what is unknown: %j', change => {
    expect(SettingsChange.safeParse(change).success).toBe(false);
  });
});
