import { setTimeout as pass } from 'node:timers/promises';
import { forgetMemberships, revokeSession } from '@rivergate/caller';
import { holdBack } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { testRoute } from '../testing/stand-in.ts';
import { startTestFleet, type TestFleet } from '../testing/test-fleet.ts';

/** Milliseconds for which the attacker holds back the last byte. What is withdrawn is gone within a second. */
const HELD = 1_000;

let fleet: TestFleet;

beforeAll(async () => {
  fleet = await startTestFleet(
    [
      testRoute('POST', '/api/v1/organizations/{org_id}/invitations'),
      testRoute('POST', '/api/v1/things'),
      testRoute('GET', '/api/v1/open', { caller: 'public' }),
    ],
    { env: { RATE_LIMIT_STANDARD: '3/60' } },
  );
});

beforeEach(() => {
  fleet.storage.received.length = 0;
});

afterAll(() => fleet.stop());

const hold = (path: string, headers: { authorization: string }) =>
  holdBack(fleet.url, { path, body: '{"email":"accomplice@example.com"}', headers });

describe('a request whose last byte is held back', () => {
  it('is refused when its session was revoked meanwhile', async () => {
    const user = await fleet.signIn();
    const request = hold('/api/v1/things', user.headers);
    await request.accepted;
    const passed = pass(HELD);
    await revokeSession(fleet.redis, user.sessionId);
    await passed;
    request.release();
    expect(await request.answer).toMatch(/^HTTP\/1\.1 401 /);
    expect(fleet.storage.received).toEqual([]);
  });

  it('carries what its user may do now, not what he could when it began', async () => {
    const user = await fleet.signIn({ is_admin: true });
    const { organizationId, userId } = user;
    const request = hold(`/api/v1/organizations/${organizationId}/invitations`, user.headers);
    await request.accepted;
    const passed = pass(HELD);
    fleet.members.set(`${organizationId}:${userId}`, {
      member: true,
      is_admin: false,
      permissions: [],
      plan: null,
    });
    await forgetMemberships(fleet.redis, organizationId!);
    await passed;
    request.release();
    expect(await request.answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(fleet.storage.received[0]?.principal).toMatchObject({ isAdmin: false, permissions: [] });
    expect(fleet.storage.received[0]?.age).toBeLessThanOrEqual(500);
  });

  it('is refused when its user was removed meanwhile', async () => {
    const user = await fleet.signIn({ is_admin: true });
    const { organizationId, userId } = user;
    const request = hold(`/api/v1/organizations/${organizationId}/invitations`, user.headers);
    await request.accepted;
    const passed = pass(HELD);
    fleet.members.delete(`${organizationId}:${userId}`);
    await forgetMemberships(fleet.redis, organizationId!);
    await passed;
    request.release();
    expect(await request.answer).toMatch(/^HTTP\/1\.1 401 /);
    expect(fleet.storage.received).toEqual([]);
  });

  it('counts once in the rate limit', async () => {
    const user = await fleet.signIn();
    const request = hold('/api/v1/things', user.headers);
    await request.accepted;
    await pass(HELD);
    request.release();
    expect(await request.answer).toMatch(/\r\nX-RateLimit-Remaining: 2\r\n/i);
  });
});

it('a request that comes at once tells how young the decision about it is', async () => {
  const user = await fleet.signIn();
  const answer = await fetch(`${fleet.url}/api/v1/things`, {
    method: 'POST',
    body: '{}',
    headers: user.headers,
  });
  expect(answer.status).toBe(200);
  expect(fleet.storage.received[0]?.age).toBeLessThanOrEqual(500);
});

describe('the age of a decision', () => {
  it('is no more than that of the request for who is not signed in, and no less than that of a remembered right', async () => {
    const user = await fleet.signIn();
    const began = performance.now();
    await fleet.get('/api/v1/open');
    const passed = performance.now() - began;
    expect(fleet.storage.received.at(-1)?.age).toBeLessThanOrEqual(Math.ceil(passed));
    const post = () => fetch(`${fleet.url}/api/v1/things`, { method: 'POST', headers: user.headers });
    for (let request = 0; request < 3; request++) await post();
    expect(fleet.storage.received.at(-1)?.age).toBeGreaterThan(0);
  });
});
