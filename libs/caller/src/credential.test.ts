import { describe, expect, it } from 'vitest';
import {
  anonymous,
  CREDENTIAL_LIFETIME,
  credentialKey,
  credentialKeys,
  credentialMemory,
  generateInternalKeys,
  identityHeadersAgree,
  issueCredential,
  type Principal,
  usedOnce,
  verifyCredential,
} from './index.ts';

const internal = generateInternalKeys(['gateway', 'identity', 'storage']);
const environment = (name: 'gateway' | 'identity' | 'storage') => ({
  INTERNAL_KEY: internal.INTERNAL_KEY[name],
  INTERNAL_JWKS: internal.INTERNAL_JWKS,
});
const keys = credentialKeys(environment('identity'));
const gateway = credentialKey(environment('gateway'));
const principal: Principal = { ...anonymous('127.0.0.1'), kind: 'user', userId: 7, organizationId: 3 };
const request = { audience: 'identity', method: 'GET', path: '/api/v1/auth/me' };
const now = 1_800_000_000;

function refusal(credential: string, changed: Partial<typeof request> & { now?: number } = {}): string {
  try {
    verifyCredential(credential, { ...request, now, keys, seen: credentialMemory(), ...changed });
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
}

function tampered(credential: string, change: (claims: Record<string, unknown>) => void): string {
  const [header, payload = '', signature] = credential.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  change(claims);
  return [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
}

describe('an internal credential', () => {
  it('carries the principal, the age of the decision about it, and the name of its issuer', () => {
    const credential = issueCredential(gateway, { ...request, principal, age: 12.3, now });
    const verified = verifyCredential(credential, { ...request, now, keys, seen: credentialMemory() });
    expect(verified).toEqual({ issuer: 'gateway', principal, age: 13 });
  });

  it('carries a principal of any length and alphabet, also one that is encoded once because it cannot change', () => {
    for (const plan of ['', 'a', 'ab', 'abc', 'ü', '"\\', '計画', '😀']) {
      const frozen = Object.freeze({ ...principal, plan });
      for (const path of ['/one', '/two', '/zwölf']) {
        const credential = issueCredential(gateway, { ...request, path, principal: frozen, now });
        const verified = verifyCredential(credential, {
          ...request,
          path,
          now,
          keys,
          seen: credentialMemory(),
        });
        expect(verified).toEqual({ issuer: 'gateway', principal: { ...principal, plan }, age: 0 });
      }
    }
  });

  it('carries what a principal is when it is issued, where that may change', () => {
    const changing = { ...principal };
    issueCredential(gateway, { ...request, principal: changing, now });
    changing.isAdmin = true;
    const credential = issueCredential(gateway, { ...request, principal: changing, now });
    const verified = verifyCredential(credential, { ...request, now, keys, seen: credentialMemory() });
    expect(verified.principal.isAdmin).toBe(true);
  });

  it('is used up by the first verification', () => {
    const seen = credentialMemory();
    const credential = issueCredential(gateway, { ...request, principal, now });
    verifyCredential(credential, { ...request, now, keys, seen });
    expect(() => verifyCredential(credential, { ...request, now, keys, seen })).toThrow('used before');
  });

  it('is good for one service, method and path only', () => {
    const credential = issueCredential(gateway, { ...request, principal, now });
    expect(refusal(credential, { audience: 'storage' })).toBe('for another service');
    const storage = {
      ...request,
      now,
      keys: credentialKeys(environment('storage')),
      seen: credentialMemory(),
    };
    expect(() => verifyCredential(credential, { ...storage, audience: 'storage' })).toThrow('signature');
    expect(refusal(credential, { method: 'DELETE' })).toBe('for another request');
    expect(refusal(credential, { path: '/api/v1/auth/profile' })).toBe('for another request');
  });

  it('expires', () => {
    const credential = issueCredential(gateway, { ...request, principal, now });
    expect(refusal(credential, { now: now + CREDENTIAL_LIFETIME + 6 })).toBe('expired');
    expect(refusal(credential, { now: now - 60 })).toBe('not valid yet');
  });

  it('is refused when anything in it was changed', () => {
    const credential = issueCredential(gateway, { ...request, principal, now });
    const raised = tampered(credential, claims => {
      claims.principal = { ...principal, isSystemAdmin: true };
    });
    expect(refusal(raised)).toBe('signature does not match');
  });

  it('is refused unsigned, with another algorithm, a foreign key or a name that is not its own', () => {
    const credential = issueCredential(gateway, { ...request, principal, now });
    const [, payload] = credential.split('.');
    const none = Buffer.from('{"alg":"none","typ":"internal+jwt","kid":"gateway"}').toString('base64url');
    expect(refusal(`${none}.${payload}.`)).toBe('header names no key of the fleet');
    expect(refusal(`${gateway.header}.${payload}.`)).toBe('signature does not match');
    const others = generateInternalKeys(['gateway', 'identity']);
    const foreign = credentialKey({ ...others, INTERNAL_KEY: others.INTERNAL_KEY.gateway });
    expect(refusal(issueCredential(foreign, { ...request, principal, now }))).toBe(
      'signature does not match',
    );
    const posing = { ...gateway, name: 'identity' };
    expect(refusal(issueCredential(posing, { ...request, principal, now }))).toBe(
      'issuer is not the owner of the key',
    );
  });

  it('is refused when it comes back to its issuer, as if the other side had made it', () => {
    const credential = issueCredential(gateway, { ...request, principal, now });
    const [, payload, signature] = credential.split('.');
    const reflected = [credentialKey(environment('identity')).header, payload, signature].join('.');
    const at = { ...request, now, keys: credentialKeys(environment('gateway')), seen: credentialMemory() };
    expect(() => verifyCredential(reflected, at)).toThrow('signature does not match');
  });

  it('is refused when it is no token at all', () => {
    for (const junk of ['', '.', '..', 'a.b', 'a.b.c', '\u0000']) expect(refusal(junk)).not.toBe('accepted');
  });
});

describe('the memory of used credentials', () => {
  it('forgets nothing before it has expired', () => {
    const seen = usedOnce(40);
    for (let second = 0; second < 200; second++) {
      expect(seen.use(`at-${second}`, now + second)).toBe(true);
      for (let age = 0; age < Math.min(40, second); age++) {
        expect(seen.use(`at-${second - age}`, now + second)).toBe(false);
      }
    }
  });

  it('is bounded, and refuses rather than forgets', () => {
    const seen = usedOnce(40, 3);
    expect(['a', 'b', 'c', 'd'].map(name => seen.use(name, now))).toEqual([true, true, true, false]);
    expect(seen.use('d', now + 41)).toBe(true);
    expect(seen.size()).toBeLessThanOrEqual(6);
  });
});

describe('X-Org-ID and X-User-ID', () => {
  it('are refused without a credential and when they differ from it', () => {
    expect(identityHeadersAgree({}, null)).toBe(true);
    expect(identityHeadersAgree({ 'x-org-id': '3' }, null)).toBe(false);
    expect(identityHeadersAgree({ 'x-org-id': '3', 'x-user-id': '7' }, principal)).toBe(true);
    expect(identityHeadersAgree({ 'x-org-id': '4' }, principal)).toBe(false);
    expect(identityHeadersAgree({ 'x-user-id': '8' }, principal)).toBe(false);
    expect(identityHeadersAgree({ 'x-org-id': ['3', '3'] }, principal)).toBe(false);
  });
});

describe('the keys', () => {
  it('are refused when they are missing, malformed or of another kind', () => {
    expect(() => credentialKey({})).toThrow('INTERNAL_KEY is not set');
    expect(() => credentialKeys({ INTERNAL_KEY: internal.INTERNAL_KEY.gateway })).toThrow(
      'INTERNAL_JWKS is not set',
    );
    expect(() => credentialKey({ INTERNAL_KEY: '!!' })).toThrow('INTERNAL_KEY');
    expect(() => credentialKey({ INTERNAL_KEY: internal.INTERNAL_JWKS })).toThrow('no private X25519 key');
    expect(() => gateway.codeFor('nobody')).toThrow('INTERNAL_JWKS names no nobody');
  });
});
