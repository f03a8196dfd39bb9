import { describe, expect, it } from 'vitest';
import { event, topicOf } from '../declaration.ts';
import { catalogue } from './index.ts';
import { memberRemoved } from './organization.ts';

describe('the catalogue', () => {
  it('has every type once', () => {
    const types = catalogue.map(({ type }) => type);
    expect(new Set(types).size).toBe(types.length);
  });

  it.each(catalogue.map(declaration => [declaration.type, declaration] as const))(
    '%s is complete',
    (_, declared) => {
      expect(declared.version).toBeGreaterThan(0);
      expect(declared.summary.length).toBeGreaterThan(10);
      expect(declared.audit).toMatch(/^[a-z_]+(\.[a-z_]+)+$/);
    },
  );

  /** Named like a secret, and none. */
  const harmless: Record<string, string> = {
    token_id: 'a number',
    registration_token_id: 'a number',
    new_email_hash: 'of an address, keyed, for audit alone',
    token_hash: 'of 256 random bits: gateways withdraw by it, and nobody gets in by it',
    token_hashes: 'the same, of several',
  };

  it('has no event with a field for a secret', () => {
    const secret = /password|secret|token|^code$|otp|hash|credential/;
    for (const { type, data } of catalogue) {
      for (const field of Object.keys(data.shape))
        if (!harmless[field]) expect(`${type} ${field}`.split(' ')[1]).not.toMatch(secret);
    }
  });

  it('gives an event the topic of its service and aggregate', () => {
    expect(topicOf(memberRemoved)).toBe('rivergate.organization.member');
    expect(topicOf({ type: 'data-source.signing_key.rotated' })).toBe('rivergate.data-source.signing-key');
  });

  it('refuses a type that is not service, aggregate, fact', () => {
    for (const type of ['session.revoked', 'identity.Session.revoked', 'a.b.c.d', 'identity..revoked']) {
      expect(() => event({ ...memberRemoved, type })).toThrow('is not');
    }
  });
});
