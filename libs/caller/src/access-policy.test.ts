import { describe, expect, it } from 'vitest';
import { type AccessPolicy, admits, type PolicySubject, refusalUnder } from './access-policy.ts';
import { policySubject } from './policy-subject.ts';
import { anonymous, type Principal } from './principal.ts';
import type { TokenFacts } from './token-state.ts';

describe('a list of networks', () => {
  const list = ['198.51.100.0/24', '203.0.113.7/32', '2001:db8:7::/48'];

  it.each(['198.51.100.0', '198.51.100.255', '203.0.113.7', '2001:db8:7::1'])('admits %s', ip => {
    expect(admits(list, ip)).toBe(true);
  });

  it.each([
    '198.51.101.0',
    '203.0.113.8',
    '2001:db8:8::1',
    '::1',
    null,
    '',
    'unknown',
    '198.51.100.1, 203.0.113.7',
  ])('does not admit %s', ip => {
    expect(admits(list, ip)).toBe(false);
  });

  it('that is empty admits all, also who has no address', () => {
    for (const ip of ['198.51.100.1', '::1', null]) expect(admits([], ip)).toBe(true);
  });

  it('of IPv6 admits no IPv4 address that it would hold mapped', () => {
    expect(admits(['::/64'], '198.51.100.1')).toBe(false);
    expect(admits(['0.0.0.0/1'], '::ffff')).toBe(false);
  });

  it('of a thousand networks is looked through entirely', () => {
    const many = Array.from({ length: 1_000 }, (_, index) => `10.${index >> 8}.${index & 255}.0/24`);
    expect(admits(many, '10.3.231.1')).toBe(true);
    expect(admits(many, '10.3.232.1')).toBe(false);
  });
});

describe('a policy on tokens', () => {
  const open: AccessPolicy = {
    ipAllowList: [],
    personalTokens: true,
    personalTokenAge: null,
    organizationTokens: true,
    oauthApplications: true,
    sso: null,
    attributePolicies: [],
  };
  const token = (kind: 'pat' | 'oauth', bound: boolean, age = 0): PolicySubject => ({
    ip: '198.51.100.1',
    token: { kind, facts: { bound, createdAt: Date.now() - age } },
    userId: 1,
    bySso: false,
  });

  it('refuses the kinds that are switched off and no others, and never a session', () => {
    const kinds = { personal: token('pat', false), own: token('pat', true), oauth: token('oauth', true) };
    const refused = (policy: Partial<AccessPolicy>) =>
      Object.entries({ ...kinds, session: { ip: null, token: null, userId: 1, bySso: false } })
        .filter(([, subject]) => refusalUnder({ ...open, ...policy }, subject))
        .map(([kind]) => kind);
    expect(refused({})).toEqual([]);
    expect(refused({ personalTokens: false })).toEqual(['personal']);
    expect(refused({ organizationTokens: false })).toEqual(['own']);
    expect(refused({ oauthApplications: false })).toEqual(['oauth']);
  });

  it('ends personal tokens by their age, those that were made before too', () => {
    const day = { ...open, personalTokenAge: 86_400_000 };
    expect(refusalUnder(day, token('pat', false, 86_000_000))).toBeNull();
    expect(refusalUnder(day, token('pat', false, 86_400_001))).toBe('token');
    expect(refusalUnder(day, token('pat', true, 86_400_001))).toBeNull();
  });
});

describe('a policy that asks for the identity provider of the organization', () => {
  const policy: AccessPolicy = {
    ipAllowList: [],
    personalTokens: true,
    personalTokenAge: null,
    organizationTokens: true,
    oauthApplications: true,
    sso: { exceptUserIds: [7, 8], loginUrl: 'https://rivergate.example/account' },
    attributePolicies: [],
  };
  const token = (ssoOrganizationId: number | null): TokenFacts => ({
    id: 1,
    organizationId: 5,
    bound: true,
    scopes: [],
    clientId: null,
    keyThumbprint: null,
    ssoOrganizationId,
    createdAt: Date.now(),
    expiresAt: Date.now() + 60_000,
  });
  const member: Principal = { ...anonymous('198.51.100.1'), kind: 'user', userId: 1, organizationId: 5 };
  const refused = (principal: Principal, facts?: TokenFacts) =>
    refusalUnder(policy, policySubject(principal, facts));

  it('refuses sessions and tokens that it did not open, and no others', () => {
    expect(refused(member)).toBe('sso');
    expect(refused({ ...member, sessionBoundTo: 5 })).toBeNull();
    expect(refused({ ...member, sessionBoundTo: 6 })).toBe('sso');
    expect(refused(member, token(null))).toBe('sso');
    expect(refused(member, token(6))).toBe('sso');
    expect(refused(member, token(5))).toBeNull();
  });

  it('holds for nobody who is named, and for no program that stands for itself', () => {
    expect(refused({ ...member, userId: 7 })).toBeNull();
    expect(refused({ ...member, userId: 8 }, token(null))).toBeNull();
    expect(refused({ ...member, kind: 'client', userId: null }, token(null))).toBeNull();
  });

  it('goes by who really acts, not by the member in whose name that is', () => {
    const acting = (userId: number, impersonator: number) =>
      refused({ ...member, userId, impersonator: { userId: impersonator, boundTo: 5 } });
    expect(acting(7, 1)).toBe('sso');
    expect(acting(1, 7)).toBeNull();
  });
});
