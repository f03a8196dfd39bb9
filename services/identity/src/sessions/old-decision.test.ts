import { signedIn } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';

/** Milliseconds since the gateway decided. */
const OLD = 1_000;

let identity: IdentityUnderTest;
beforeAll(async () => {
  identity = await startIdentityUnderTest({ DATABASE_POOL: '2' });
});
afterAll(() => identity.stop());

const old = ({ userId, sessionId }: Person) => identity.as(signedIn({ userId, sessionId }), OLD);
const name = (display_name: string) => ['/api/v1/auth/me/profile', { display_name }] as const;

describe('a write whose decision is old', () => {
  it('401 when the session has ended, though Redis has forgotten it', async () => {
    const person = await identity.person();
    expect((await old(person).put(...name('Still me'))).status).toBe(200);
    await person.caller.post('/api/v1/auth/logout');
    await identity.resources.redis.del(`access:{session:${person.sessionId}}`);
    expect((await old(person).put(...name('Not me'))).status).toBe(401);
  });

  it('ends its own session as ever', async () => {
    const person = await identity.person();
    expect((await old(person).post('/api/v1/auth/logout')).status).toBe(204);
    expect((await old(person).post('/api/v1/auth/logout')).status).toBe(401);
  });

  it('ten at once, on a pool of two, do not wait for each other', async () => {
    const person = await identity.person();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => old(person).put(...name(`Me ${index}`))),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
  });
});
