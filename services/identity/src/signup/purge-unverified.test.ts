import { fellowService } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IdentityUnderTest, PASSWORD, startIdentityUnderTest } from '../testing/identity-under-test.ts';
import { purgeUnverified } from './purge-unverified.ts';

let identity: IdentityUnderTest;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
});
afterAll(() => identity.stop());

const HOUR = 3_600_000;
/** The account was made, and its last code went out, so many milliseconds ago. */
const happenedAgo = async (userId: number, times: { made: number; codeSent: number }) => {
  const { knex } = identity.resources;
  await knex('users')
    .where({ id: userId })
    .update({ created_at: new Date(Date.now() - times.made) });
  // A code lives ten minutes.
  await knex('address_verifications')
    .where({ user_id: userId })
    .update({ code_expires_at: new Date(Date.now() - times.codeSent + HOUR / 6) });
};
const DAY_AND_MORE = { made: 24 * HOUR + 1_000, codeSent: 24 * HOUR };
const isThere = async (userId: number) =>
  (await identity.resources.knex('users').where({ id: userId }).first()) !== undefined;
const registered = async () => {
  const { body } = await identity.signUp(identity.newAddress());
  return body.data as { user_id: number; email: string; temporary_token: string };
};

/** An administrator whom organization had made. */
const made = async () => {
  const { body } = await identity.as(fellowService('organization')).post('/internal/users', {
    email: identity.newAddress(),
    password: PASSWORD,
    display_name: null,
    ip: null,
  });
  return body.data as { user_id: number; email: string };
};

describe('accounts that nobody verifies', () => {
  it.each([
    ['registered by themselves', registered],
    ['made with an organization', made],
  ])('go a day after they were %s, with event and audit, and free the address', async (_, make) => {
    const { user_id, email } = await make();
    await happenedAgo(user_id, DAY_AND_MORE);
    await purgeUnverified(identity.resources.knex);
    expect(await isThere(user_id)).toBe(false);
    expect((await identity.audited(user_id)).at(-1)).toMatchObject({
      action: 'user.removed',
      metadata: { user_id, reason: 'never_verified' },
    });
    expect((await identity.signUp(email)).status).toBe(201);
  });
  it('stay until then, and while a code may still be entered', async () => {
    const [young, waiting] = [await registered(), await registered()];
    await happenedAgo(young.user_id, { made: 24 * HOUR - 60_000, codeSent: 24 * HOUR });
    await happenedAgo(waiting.user_id, { made: 30 * HOUR, codeSent: HOUR / 12 });
    await purgeUnverified(identity.resources.knex);
    expect([await isThere(young.user_id), await isThere(waiting.user_id)]).toEqual([true, true]);
  });
  it('are not kept for ever by asking for codes', async () => {
    const { user_id, email } = await made();
    await happenedAgo(user_id, { made: 40 * HOUR, codeSent: 40 * HOUR });
    await identity.login(email);
    await happenedAgo(user_id, { made: 40 * HOUR, codeSent: HOUR / 5 });
    await purgeUnverified(identity.resources.knex);
    expect(await isThere(user_id)).toBe(false);
  });
  it('are all that goes: who verified stays', async () => {
    const { userId } = await identity.person();
    await happenedAgo(userId, DAY_AND_MORE);
    await purgeUnverified(identity.resources.knex);
    expect(await isThere(userId)).toBe(true);
  });
  it('go once when two processes purge at the same time', async () => {
    const { user_id } = await registered();
    await happenedAgo(user_id, DAY_AND_MORE);
    const { knex } = identity.resources;
    await Promise.all([purgeUnverified(knex), purgeUnverified(knex)]);
    const removals = (await identity.audited(user_id)).filter(({ action }) => action === 'user.removed');
    expect(removals).toHaveLength(1);
  });
});
