import { acrossOrganizations } from '@rivergate/endpoint';
import {
  emailChanged,
  memberAdded,
  memberRemoved,
  memberStatusChanged,
  userProfileChanged,
  userVerified,
} from '@rivergate/events';
import { eventually, publishEvent, type ServiceUnderTest, startServiceUnderTest } from '@rivergate/testing';
import type { Knex } from 'knex';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sso } from '../service.ts';
import { forgetUser, insertUser, type UserRow } from './store/user-store.ts';

const organization_id = 7;
let service: ServiceUnderTest;
beforeAll(async () => {
  service = await startServiceUnderTest(sso);
});
afterAll(async () => await service?.stop());

let lastUser = 0;
const across = <Result>(work: (db: Knex.Transaction) => Promise<Result>) =>
  service.resources.knex.transaction(async db => {
    await acrossOrganizations(db);
    return await work(db);
  });
const rowOf = async (user_id: number): Promise<(UserRow & { is_admin: boolean }) | undefined> =>
  await across(db => db('scim_users').where({ organization_id, user_id }).first());
const until = async (
  userId: number,
  holds: (row: NonNullable<Awaited<ReturnType<typeof rowOf>>>) => boolean,
) =>
  await eventually(async () => {
    const row = await rowOf(userId);
    return row && holds(row) ? row : undefined;
  }, 'the row of the member');
const added = (user_id: number, more: { time?: Date; is_admin?: boolean } = {}) => {
  const { time, is_admin = false } = more;
  const data = { organization_id, user_id, role_id: null, is_admin, source: 'scim' };
  return publishEvent(service, 'organization', memberAdded, {
    subject: user_id,
    data,
    ...(time ? { time } : {}),
  });
};
const verified = (user_id: number) => {
  const data = { user_id, email: `u${user_id}@example.com`, display_name: `U ${user_id}` };
  return publishEvent(service, 'identity', userVerified, { subject: user_id, data });
};
const ago = (seconds: number) => new Date(Date.now() - 1_000 * seconds);

it('names a member by the account, whichever is known first, and follows it', async () => {
  const [one, two] = [++lastUser, ++lastUser];
  await added(one);
  await verified(one);
  await verified(two);
  await added(two, { is_admin: true });
  for (const userId of [one, two]) {
    const { document } = await until(userId, row => row.user_name === `u${userId}@example.com`);
    expect(document).toMatchObject({ displayName: `U ${userId}`, emails: [{ primary: true }] });
  }
  expect((await rowOf(two))!.is_admin).toBe(true);
  const changed = { user_id: one, old_email: 'u1@example.com', new_email: 'new@example.com' };
  await publishEvent(service, 'identity', emailChanged, { subject: one, data: changed });
  const profile = { user_id: one, fields: ['display_name'], display_name: 'Renamed' };
  await publishEvent(service, 'identity', userProfileChanged, { subject: one, data: profile });
  await until(one, row => row.user_name === 'new@example.com' && row.document.displayName === 'Renamed');
});

it('leaves what a client wrote, when the account changes', async () => {
  const userId = ++lastUser;
  await across(db => insertUser(db, organization_id, userId, { userName: 'client@example.com', title: 'T' }));
  await added(userId, { time: ago(60), is_admin: true });
  await verified(userId);
  const { user_name, document } = await until(userId, row => row.is_admin);
  expect([user_name, document]).toEqual(['client@example.com', { title: 'T' }]);
});

it('undoes nothing by an event that comes late', async () => {
  const [gone, back, suspended] = [++lastUser, ++lastUser, ++lastUser];
  const where = (user_id: number) => ({ organization_id, user_id });
  for (const userId of [gone, back, suspended]) {
    await verified(userId);
    await added(userId, { time: ago(120) });
    await until(userId, row => row.user_name !== null);
  }
  await across(db => forgetUser(db, where(gone)));
  await across(db => forgetUser(db, where(back)));
  await across(db => insertUser(db, organization_id, back, { userName: 'back@example.com', active: true }));
  await across(db =>
    insertUser(db, organization_id, suspended, { userName: 'suspended@example.com', active: false }),
  );
  await added(gone, { time: ago(60) });
  const removed = { subject: back, data: where(back), time: ago(60) };
  await publishEvent(service, 'organization', memberRemoved, removed);
  const status = { ...where(suspended), status: 'active' };
  await publishEvent(service, 'organization', memberStatusChanged, {
    subject: suspended,
    data: status,
    time: ago(60),
  });
  // What comes after them in the log has come when they have.
  const last = ++lastUser;
  await verified(last);
  await added(last);
  await until(last, row => row.user_name !== null);
  expect(await rowOf(gone)).toMatchObject({ status: 'removed', user_name: null, document: {} });
  expect(await rowOf(back)).toMatchObject({ status: 'active', user_name: 'back@example.com' });
  expect(await rowOf(suspended)).toMatchObject({ status: 'suspended' });
});

it('forgets who is no member any more, with all that is known of them', async () => {
  const userId = ++lastUser;
  await verified(userId);
  await added(userId, { time: ago(10) });
  await until(userId, row => row.user_name !== null);
  await publishEvent(service, 'organization', memberRemoved, {
    subject: userId,
    data: { organization_id, user_id: userId },
  });
  const row = await until(userId, ({ status }) => String(status) === 'removed');
  expect(row).toMatchObject({ user_name: null, external_id: null, document: {} });
});
