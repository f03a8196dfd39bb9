import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IdentityUnderTest, PASSWORD, startIdentityUnderTest } from '../testing/identity-under-test.ts';

describe('limits of a network address', () => {
  let limited: IdentityUnderTest;
  beforeAll(async () => {
    limited = await startIdentityUnderTest({ RATE_LIMIT_LOGIN: '5/900', RATE_LIMIT_SIGNUP: '3/300' });
  });
  afterAll(() => limited.stop());

  it('are not used up by passwords that break the policy, nor by a retry of the same signup', async () => {
    const caller = limited.anonymous('192.0.2.61');
    const email = limited.newAddress();
    const signup = (body: object) => caller.post('/api/v1/auth/signup', { email, ...body });
    for (let tries = 0; tries < 5; tries++) expect((await signup({ password: 'weak' })).status).toBe(422);
    const body = { password: PASSWORD, idempotency_key: 'signup' };
    for (let tries = 0; tries < 5; tries++) expect((await signup(body)).status).toBe(201);
    expect((await signup({ password: PASSWORD })).headers.get('x-ratelimit-remaining')).toBe('1');
  });
  it('are not used up by logins of the wrong form, nor by a retry of the same login', async () => {
    const { email } = await limited.person();
    const caller = limited.anonymous('192.0.2.62');
    const login = (body: object, headers = {}) => caller.post('/api/v1/auth/login', body, { headers });
    for (let tries = 0; tries < 10; tries++) expect((await login({ email })).status).toBe(422);
    const key = { 'idempotency-key': randomUUID() };
    const body = { email, password: PASSWORD };
    const first = await login(body, key);
    for (let tries = 0; tries < 10; tries++) expect((await login(body, key)).body).toEqual(first.body);
    expect((await login(body)).headers.get('x-ratelimit-remaining')).toBe('3');
  });
  it('429 at the sixth login, whatever the address, and says which limit it is', async () => {
    const caller = limited.anonymous('192.0.2.63');
    const statuses = [];
    for (let tries = 0; tries < 6; tries++) {
      const body = { email: limited.newAddress(), password: 'Wrong1password' };
      const answer = await caller.post('/api/v1/auth/login', body);
      statuses.push(answer.status);
      if (answer.status === 429) expect(answer.body.error.message).toContain('"login" is 5 in 15 minutes');
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
  });
});
