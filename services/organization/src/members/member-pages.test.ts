import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Founded,
  type OrganizationUnderTest,
  type Person,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';

let service: OrganizationUnderTest;
let ada: Person;
let acme: Founded;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
  ada = await service.person('Ada');
  acme = await service.found(ada, 'Acme');
  // Several of the same name, and of the same moment.
  for (const name of ['Bob', 'Bob', 'Cleo', 'Dora', 'Bob', 'Ada'])
    await service.join(acme, await service.person(name));
  await service.sql(
    'update organization.memberships set joined_at = date_trunc(?, joined_at) where organization_id = ?',
    ['minute', acme.id],
  );
});
afterAll(async () => await service?.stop());

const admin = () => service.member(ada, acme.id);
const path = () => `/api/v1/organizations/${acme.id}/members`;
const ORDERS = ['joined_at', 'email', 'display_name'].flatMap(by => [
  `sort_by=${by}`,
  `sort_by=${by}&sort_order=desc`,
]);

/** All pages of two, one after the other. */
async function walked(start: string, array: 'members' | 'users'): Promise<unknown[]> {
  const rows: unknown[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const answer = await (await admin()).get(`${start}&limit=2${cursor && `&cursor=${cursor}`}`).expect(200);
    const page: { members?: unknown[]; users?: unknown[]; total_count: number; next_cursor: string | null } =
      answer.body.data;
    expect(page[array]!.length).toBeLessThanOrEqual(2);
    expect(page.total_count).toBe(7);
    rows.push(...page[array]!);
    cursor = page.next_cursor;
  }
  return rows;
}

describe('members by cursor', () => {
  it('come each once, in every order in which a list has them', async () => {
    for (const order of ORDERS) {
      const { data } = (await (await admin()).get(`${path()}?${order}`)).body;
      expect(data.members).toHaveLength(7);
      expect(data.next_cursor).toBeNull();
      expect(await walked(`${path()}?${order}`, 'members'), order).toEqual(data.members);
    }
  });

  it('come so also as users, those last who never logged in', async () => {
    for (const sort_order of ['asc', 'desc']) {
      const start = `/api/v1/users?sort_by=last_login_at&sort_order=${sort_order}`;
      await service.sql(
        `insert into organization.user_activity (user_id, last_login_at, last_activity_at)
         values (?, now(), now()) on conflict (user_id) do nothing`,
        [ada.userId],
      );
      const { data } = (await (await admin()).get(start)).body;
      expect(data.users[0].id).toBe(ada.userId);
      expect(await walked(start, 'users')).toEqual(data.users);
    }
  });

  it('go on where somebody was removed meanwhile', async () => {
    const first = (await (await admin()).get(`${path()}?limit=3`)).body.data;
    const eve = await service.person('Eve');
    await service.join(acme, eve);
    await (await admin())
      .delete(`${path()}/${first.members[2].user_id === ada.userId ? eve.userId : eve.userId}`)
      .expect(200);
    const rest = (await (await admin()).get(`${path()}?cursor=${first.next_cursor}`)).body.data;
    expect(rest.members).toHaveLength(4);
  });

  it('are refused a cursor of another list or order, a made up one, and one beside skip', async () => {
    const by = await admin();
    const { next_cursor } = (await by.get(`${path()}?limit=2`)).body.data;
    const forged = (...place: unknown[]) => Buffer.from(JSON.stringify(place)).toString('base64url');
    for (const query of [
      `cursor=${next_cursor}&skip=1`,
      `cursor=${next_cursor}&sort_by=email`,
      `cursor=${next_cursor}&sort_order=desc`,
      `cursor=${forged('users', 'joined_at', 'asc', '1', 1)}`,
      `cursor=${forged('members', 'joined_at', 'asc', "1'; drop table x", 1)}`,
      `cursor=${forged('members', 'joined_at', 'asc', null, 1)}`,
      `cursor=${forged('members', 'joined_at', 'asc', '1', -1)}`,
      `cursor=${forged('members', 'joined_at', 'asc', '1', 1.5)}`,
      `cursor=${forged('members', 'email', 'asc', '\0', 1)}&sort_by=email`,
      `cursor=${forged('members', 'password', 'asc', '1', 1)}`,
      `cursor=${forged({})}`,
      'cursor=%7B%7D',
      'cursor=null',
    ])
      expect((await by.get(`${path()}?${query}`)).status, query).toBe(422);
    for (const value of ['99999999999999999', '-99999999999999999'])
      expect(
        (await by.get(`${path()}?cursor=${forged('members', 'joined_at', 'asc', value, 1)}`)).status,
      ).toBe(200);
  });

  it('are counted and shown as what they are called, whatever changes', async () => {
    const kept = async () =>
      await service.sql(
        `select o.members, (select count(*)::int from organization.memberships m where m.organization_id = o.id) as counted,
           (select count(*)::int from organization.members m where m.organization_id = o.id
             and (m.shown_email <> m.email or m.shown_name <> m.display_name)) as wrong
         from organization.organizations o where o.id = ?`,
        [acme.id],
      );
    const bob = await service.person('Bob');
    await service.join(acme, bob);
    await (await admin()).put(`/api/v1/users/${bob.userId}`, { display_name: 'Robert' }).expect(200);
    expect(await kept()).toEqual([{ members: 8, counted: 8, wrong: 0 }]);
    await service.sql(
      "update organization.people set display_name = 'New', email = 'new@example.com' where user_id = ?",
      [bob.userId],
    );
    expect(await kept()).toEqual([{ members: 8, counted: 8, wrong: 0 }]);
    const names = (await (await admin()).get(`${path()}?search=robert`)).body.data.members;
    expect(names).toMatchObject([{ display_name: 'Robert', email: 'new@example.com' }]);
    await (await admin()).delete(`${path()}/${bob.userId}`).expect(200);
    expect(await kept()).toEqual([{ members: 7, counted: 7, wrong: 0 }]);
  });
});
