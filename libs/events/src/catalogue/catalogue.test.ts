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

  /** Changes without a before and an after in the event, and why. */
  const withoutChanges: Record<string, string> = {
    'identity.user.profile_changed': "a user's own, and of no organization",
    'identity.user.status_changed': "a user's own, and of no organization",
    'identity.user.email_changed': 'says the old address and the new one',
    'identity.totp_device.changed': "a user's own, and of no organization",
    'identity.session.changed': 'what changed is the second factor, of which there is an event',
    'identity.password.changed': 'a secret',
    'identity.token.batch_changed': 'follows from the change of an application, which says it',
    'organization.workspace.settings_changed': 'says what was set before and what is set now',
    'organization.job.changed': 'says what was done to it',
    'sso.token.changed': 'says why it ends earlier, or waits',
    'sso.user.updated': 'names the fields: what a client says of a person stands in no event',
  };

  it.each(catalogue.filter(({ type }) => /(changed|updated)$/.test(type)).map(found => [found.type, found]))(
    '%s says what was before and after, or why it need not',
    (type, { data }) => {
      expect('changes' in data.shape).toBe(withoutChanges[type as string] === undefined);
    },
  );

  it('says of every event which of its fields tell who somebody is', () => {
    const telling = /email|display_name|profile_image|device_name|phone|address/;
    for (const { type, data, personal = [] } of catalogue) {
      const unsaid = Object.keys(data.shape).filter(
        field => telling.test(field) && !harmless[field] && !personal.includes(field),
      );
      expect(unsaid, type).toEqual([]);
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
