import { requiredScope } from '@rivergate/endpoint';
import { endpointsByTag } from '@rivergate/service';
import { describe, expect, it } from 'vitest';
import { definitions } from '../services.ts';

const reached = definitions
  .flatMap(definition => Object.values(endpointsByTag(definition)).flat())
  .map(({ spec }) => spec)
  .filter(({ caller, bearer }) => bearer === 'optional' || !/^(?:public|token|internal)$/.test(caller));

describe('a token in place of a session', () => {
  it.each(reached.map(spec => [spec.operation, spec] as const))('needs a scope for %s', (_, spec) => {
    const needed = spec.caller === 'admin' ? 'admin' : spec.method === 'get' || spec.safe ? 'read' : 'write';
    expect(requiredScope(spec)).toBe(needed);
  });

  it('reaches nothing that makes, changes or ends logins, nor what makes tokens', () => {
    const sessionsOnly = reached.filter(({ session }) => session).map(({ operation }) => operation);
    expect(sessionsOnly.toSorted()).toEqual([
      'acceptInvitation',
      'changePassword',
      'createOrganizationToken',
      'createToken',
      'deleteProfilePicture',
      'logOutEverywhere',
      'putProfilePicture',
      'requestEmailChange',
      'revokeSession',
      'switchOrganization',
      'updateProfile',
      'updateToken',
      'verifyEmailChange',
    ]);
  });
});
