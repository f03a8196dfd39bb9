import { signedIn } from '@rivergate/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deviceFixture } from '../../testing/device-fixture.ts';
import { type IdentityUnderTest, startIdentityUnderTest } from '../../testing/identity-under-test.ts';

let identity: IdentityUnderTest;
let device: ReturnType<typeof deviceFixture>;
beforeAll(async () => {
  identity = await startIdentityUnderTest({
    RATE_LIMIT_USER_CODE: '5/900',
    RATE_LIMIT_USER_CODE_ADDRESS: '12/900',
  });
  device = deviceFixture(identity);
});
afterAll(() => identity?.stop());

const guesses = async (count: number, from: { userId: number; sessionId: number; ip: string }) => {
  const caller = identity.as(signedIn(from));
  const tries = Array.from({ length: count }, (_, index) =>
    index % 2 === 0
      ? device.find({ caller }, 'BBBB-BBBB')
      : device.answer({ caller }, 'BBBB-BBBB', index % 4 === 1),
  );
  return (await Promise.all(tries)).map(({ status }) => status).toSorted();
};

it('guesses of user codes are bounded for a user from wherever, and for a network whoever guesses', async () => {
  const [one, other, third] = [await identity.person(), await identity.person(), await identity.person()];
  const { userId, sessionId } = one;
  const [here, there] = ['198.51.100.1', '198.51.100.2'];
  expect(await guesses(10, { userId, sessionId, ip: here })).toEqual([
    ...Array(5).fill(404),
    ...Array(5).fill(429),
  ]);
  expect(await guesses(1, { userId, sessionId, ip: there })).toEqual([429]);
  const { userId: otherId, sessionId: otherSession } = other;
  expect(await guesses(4, { userId: otherId, sessionId: otherSession, ip: here })).toEqual([
    404, 404, 429, 429,
  ]);
  expect(await guesses(1, { userId: third.userId, sessionId: third.sessionId, ip: there })).toEqual([404]);

  // The right code is no way around it, and is still there for its user.
  const application = await device.application();
  const codes = await device.codes(application);
  expect(
    (await device.answer({ caller: identity.as(signedIn({ userId, sessionId })) }, codes.user_code)).status,
  ).toBe(429);
  await device.answer(third, codes.user_code).expect(204);
  expect((await device.poll(application, codes.device_code)).status).toBe(200);
});
