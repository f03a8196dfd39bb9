import { endpointsByTag } from '@rivergate/service';
import { expect, it } from 'vitest';
import { definitions } from '../services.ts';

it('who has to set a second factor up first reaches what leads there, the own account, a step-up and the way out', () => {
  const open = definitions
    .flatMap(definition => Object.values(endpointsByTag(definition)).flat())
    .filter(({ spec }) => spec.beforeEnrolment)
    .map(({ spec }) => spec.path)
    .filter(path => !path.startsWith('/mfa/'));
  expect(open.toSorted()).toEqual([
    '/api/v1/oauth/end-session',
    '/auth/browser-session',
    '/auth/logout',
    '/auth/me',
    '/auth/step-up',
    '/auth/step-up',
    '/sso/logout',
  ]);
});
