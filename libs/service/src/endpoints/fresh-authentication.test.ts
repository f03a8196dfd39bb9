import type { Principal } from '@rivergate/caller';
import { endpoints } from '@rivergate/endpoint';
import {
  byToken,
  expectError,
  fellowService,
  type ServiceUnderTest,
  signedIn,
  startServiceUnderTest,
} from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineService } from '../index.ts';

const endpoint = endpoints();
const facts = {
  method: 'post',
  summary: 'Do it',
  status: 204,
  idempotency: false,
  session: true,
  fresh: true,
} as const;
const nothing = async () => {};

const module = {
  tag: 'Things',
  endpoints: [
    endpoint({ ...facts, operation: 'doDanger', path: '/danger', caller: 'user' }, nothing),
    endpoint({ ...facts, operation: 'administer', path: '/administer', caller: 'admin' }, nothing),
    endpoint(
      {
        ...facts,
        operation: 'doDangerFor',
        path: '/internal/danger',
        caller: 'internal',
        callers: ['identity'],
        onBehalfOf: 'user',
      },
      nothing,
    ),
  ],
};

const OLD = 301;
const seconds = (ago: number) => Math.floor(Date.now() / 1000) - ago;
const user = (more: Omit<Partial<Principal>, 'userId'> = {}) => signedIn({ userId: 7, ...more });

let service: ServiceUnderTest;
beforeAll(async () => {
  service = await startServiceUnderTest(defineService({ name: 'prompt', modules: [module] }), {
    env: { FRESH_AUTHENTICATION_SECONDS: '300' },
  });
});
afterAll(() => service.stop());

const doDanger = (caller: Principal) => service.as(caller).post('/api/v1/danger');

describe('what asks for a fresh authentication', () => {
  it('takes one that is not older than the operator allows', async () => {
    await doDanger(user({ authTime: seconds(290) })).expect(204);
  });

  it('401 for an older one, with how old it may be (RFC 9470, section 3)', async () => {
    const answer = await doDanger(user({ authTime: seconds(OLD) }));
    expectError(answer, 401, 'STEP_UP_REQUIRED');
    const challenge = answer.headers.get('www-authenticate')!;
    expect(challenge).toMatch(/^Bearer error="insufficient_user_authentication", /);
    expect(challenge).toContain('max_age="300"');
    expect(challenge).not.toContain('acr_values');
  });

  it('401 for one without the second factor of the account, and says that this is what is missing', async () => {
    const answer = await doDanger(user({ secondFactorOmitted: true }));
    expectError(answer, 401, 'STEP_UP_REQUIRED');
    expect(answer.headers.get('www-authenticate')).toContain('acr_values="mfa"');
  });

  it('401 for a session of which nobody says when it was', async () => {
    expectError(await doDanger(user({ authTime: null })), 401, 'STEP_UP_REQUIRED');
    const { authTime: _, ...silent } = user();
    expectError(await doDanger(silent as Principal), 401, 'STEP_UP_REQUIRED');
  });

  it('403 for a token in place of a session, whatever its scopes and whatever it says', async () => {
    for (const authTime of [null, seconds(0)]) {
      const token = byToken(user(), { scope: ['read', 'write', 'admin'] });
      expectError(await doDanger({ ...token, authTime }), 403, 'FORBIDDEN');
    }
  });

  it('tells who lacks the right that, and not to prove anything', async () => {
    const caller = service.as(user({ authTime: seconds(OLD) }));
    expectError(await caller.post('/api/v1/administer'), 403, 'FORBIDDEN');
  });

  it('asks the same of the user on whose behalf a service asks', async () => {
    const asking = (authTime: number) =>
      service.as(fellowService('identity', { userId: 7, sessionId: 1, authTime })).post('/internal/danger');
    await asking(seconds(1)).expect(204);
    expectError(await asking(seconds(OLD)), 401, 'STEP_UP_REQUIRED');
  });

  it('is refused as a declaration without a session', () => {
    const wrong = { ...facts, session: undefined, operation: 'x', path: '/x', caller: 'user' } as const;
    expect(() => endpoint(wrong, nothing)).toThrow(/fresh authentication/);
  });
});
