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
/** The last code went out so long ago; it lived ten minutes. */
const codeSentAgo = (userId: number, milliseconds: number) =>
  identity.resources
    .knex('address_verifications')
    .where({ user_id: userId })
    .update({ code_expires_at: new Date(Date.now() - milliseconds + HOUR / 6) });
const isThere = async (userId: number) =>
  (await identity.resources.knex('users').where({ id: userId }).first()) !== undefined;
const registered = async () => {
  const { body } = await identity.signUp(identity.newAddress());
  return body.data as { user_id: number; email: string; temporary_token: string };
};

describe('registrations that nobody verifies', () => {
  it('go a day after their last code, with event and audit, and free the address', async () => {
    const { user_id, email } = await registered();
    await codeSentAgo(user_id, 24 * HOUR + 1_000);
    await purgeUnverified(identity.resources.knex);
    expect(await isThere(user_id)).toBe(false);
    expect((await identity.audited(user_id)).at(-1)).toMatchObject({
      action: 'user.removed',
      metadata: { user_id, reason: 'never_verified' },
    });
    expect((await identity.signUp(email)).status).toBe(201);
  });
  it('stay until then, counted from the last code', async () => {
    const [young, resent] = [await registered(), await registered()];
    await codeSentAgo(young.user_id, 24 * HOUR - 60_000);
    await codeSentAgo(resent.user_id, 25 * HOUR);
    await identity.login(resent.email);
    await purgeUnverified(identity.resources.knex);
    expect([await isThere(young.user_id), await isThere(resent.user_id)]).toEqual([true, true]);
  });
  it('are all that goes: neither who verified nor whom an organization waits for', async () => {
    const { userId } = await identity.person();
    const { body } = await identity.as(fellowService('organization')).post('/internal/users', {
      email: identity.newAddress(),
      password: PASSWORD,
      display_name: null,
      ip: null,
    });
    for (const id of [userId, body.data.user_id]) await codeSentAgo(id, 48 * HOUR);
    await purgeUnverified(identity.resources.knex);
    expect([await isThere(userId), await isThere(body.data.user_id)]).toEqual([true, true]);
  });
  it('go once when two processes purge at the same time', async () => {
    const { user_id } = await registered();
    await codeSentAgo(user_id, 48 * HOUR);
    const { knex } = identity.resources;
    await Promise.all([purgeUnverified(knex), purgeUnverified(knex)]);
    const removals = (await identity.audited(user_id)).filter(({ action }) => action === 'user.removed');
    expect(removals).toHaveLength(1);
  });
});
