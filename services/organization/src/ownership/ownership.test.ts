import { administrator } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { outcome } from '../testing/invitation-fixture.ts';
import {
  type Founded,
  type OrganizationUnderTest,
  type Person,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';

let service: OrganizationUnderTest;
let ada: Person;
let bob: Person;
let carl: Person;
let acme: Founded;
let founded = 0;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
});
afterAll(() => service?.stop());
beforeEach(async () => {
  [ada, bob, carl] = [await service.person('Ada'), await service.person('Bob'), await service.person('Carl')];
  acme = await service.found(ada, `Acme ${++founded}`);
  for (const person of [bob, carl]) await service.join(acme, person);
});

const path = (more = '') => `/api/v1/organizations/${acme.id}/transfer-ownership${more}`;
const as = (person: Person) => service.member(person, acme.id);
const offer = async (to = bob, more: object = {}, by = ada) =>
  (await as(by)).post(path(), { user_id: to.userId, ...more });
const accept = async (by = bob) => (await as(by)).post(path('/accept'));
const pending = async (by: Person) => outcome(await (await as(by)).get(path()));
const administrators = async () => {
  const rows = await service.sql<{ user_id: string }>(
    'select user_id from organization.memberships where organization_id = ? and is_admin order by user_id',
    [acme.id],
  );
  return rows.map(({ user_id }) => Number(user_id));
};
const roleOf = async ({ userId }: Person) =>
  (await (await as(bob)).get(`/api/v1/organizations/${acme.id}/members/${userId}`)).body.data.member.role
    .name;

const NONE = [404, 'OWNERSHIP_TRANSFER_NOT_FOUND'];

describe('handing an organization over', () => {
  it('changes nothing until it is accepted; then the one administers it and the other has the role named', async () => {
    const { status, body } = await offer(bob, { role_id: acme.roles.Developer });
    expect(status).toBe(201);
    expect(body.data.transfer).toMatchObject({
      from: { user_id: ada.userId, email: ada.email },
      to: { user_id: bob.userId, email: bob.email },
      role: { name: 'Developer' },
    });
    const days = (Date.parse(body.data.transfer.expires_at) - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(7);
    expect(await administrators()).toEqual([ada.userId]);
    for (const person of [ada, bob]) expect(await pending(person)).toEqual([200, undefined]);
    const mail = JSON.stringify(await service.mail.nth(bob.email, 2));
    for (const word of ['You are offered an organization', ada.email, `Acme ${founded}`])
      expect(mail).toContain(word);

    expect(outcome(await accept())).toEqual([200, undefined]);
    expect(await administrators()).toEqual([bob.userId]);
    expect(await roleOf(bob)).toBe('Admin');
    expect(await roleOf(ada)).toBe('Developer');
    expect(await pending(bob)).toEqual(NONE);
    const actions = await service.audited(acme.id);
    for (const action of ['ownership.offered', 'ownership.transferred']) expect(actions).toContain(action);
  });

  it('leaves the one who hands over a Viewer where nothing else is named, and never an administrator', async () => {
    expect(outcome(await offer(bob, { role_id: acme.roles.Admin }))).toEqual([
      409,
      'OWNERSHIP_TRANSFER_NOT_POSSIBLE',
    ]);
    await offer();
    await accept();
    expect(await roleOf(ada)).toBe('Viewer');
  });

  it('is for the one who is offered it alone, once, of ten at once', async () => {
    await offer();
    for (const other of [carl, ada]) expect(outcome(await accept(other))).toEqual(NONE);
    expect(await pending(carl)).toEqual(NONE);
    expect(outcome(await (await as(carl)).post(path('/decline')))).toEqual(NONE);
    const caller = await as(bob);
    const answers = await Promise.all(Array.from({ length: 10 }, () => caller.post(path('/accept'))));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(404)]);
    const transferred = (await service.audited(acme.id)).filter(action => action === 'ownership.transferred');
    expect(transferred).toHaveLength(1);
  });

  it('is offered to one at a time, of ten at once', async () => {
    const caller = await as(ada);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => caller.post(path(), { user_id: (n % 2 ? bob : carl).userId })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(409)]);
    expect(outcome(await offer())).toEqual([409, 'OWNERSHIP_TRANSFER_PENDING']);
  });

  it('can be declined, withdrawn, and offered anew', async () => {
    await offer();
    expect(outcome(await (await as(bob)).delete(path()))).toEqual([403, 'FORBIDDEN']);
    expect(outcome(await (await as(bob)).post(path('/decline')))).toEqual([200, undefined]);
    expect(outcome(await accept())).toEqual(NONE);
    await offer(carl);
    expect(outcome(await (await as(ada)).delete(path()))).toEqual([200, undefined]);
    expect(outcome(await (await as(ada)).delete(path()))).toEqual(NONE);
    expect(outcome(await accept(carl))).toEqual(NONE);
    await offer();
    expect(outcome(await accept())).toEqual([200, undefined]);
  });

  it('is none after seven days', async () => {
    await offer();
    const lapse = "update organization.ownership_transfers set expires_at = now() - interval '1 second'";
    await service.sql(`${lapse} where organization_id = ?`, [acme.id]);
    expect(outcome(await accept())).toEqual(NONE);
    expect(outcome(await offer(carl))).toEqual([201, undefined]);
    expect(outcome(await accept(carl))).toEqual([200, undefined]);
  });

  it('is none of an administrator who is one no longer, of a member who left, or of a suspended one', async () => {
    const members = `/api/v1/organizations/${acme.id}/members`;
    await service.join(acme, await service.person('Dora'), acme.roles.Admin);
    const [dora] = (await administrators()).filter(id => id !== ada.userId);
    const byDora = service.as(administrator({ userId: dora!, organizationId: acme.id }));

    await offer();
    expect(outcome(await byDora.patch(`${members}/${ada.userId}`, { is_admin: false }))).toEqual([
      200,
      undefined,
    ]);
    expect(outcome(await accept())).toEqual(NONE);
    expect(await administrators()).toEqual([dora]);

    await byDora.patch(`${members}/${ada.userId}`, { is_admin: true });
    await byDora.delete(path());
    await offer();
    const before = await as(bob);
    await byDora.delete(`${members}/${bob.userId}`);
    expect((await before.post(path('/accept'))).status).toBe(404);
    expect(await pending(ada)).toEqual(NONE);

    await offer(carl);
    const suspended = await as(carl);
    await byDora.put(`/api/v1/users/${carl.userId}/status`, { status: 'suspended' });
    expect((await suspended.post(path('/accept'))).status).toBe(404);
    await byDora.delete(path());
    expect(outcome(await offer(carl))).toEqual([409, 'OWNERSHIP_TRANSFER_NOT_POSSIBLE']);
  });

  it('is for an administrator for good, to a member of the same organization', async () => {
    expect(outcome(await offer(carl, {}, bob))).toEqual([403, 'FORBIDDEN']);
    expect(outcome(await offer(await service.person('Eve')))).toEqual([404, 'USER_NOT_FOUND']);
    expect(outcome(await offer(ada))).toEqual([409, 'OWNERSHIP_TRANSFER_NOT_POSSIBLE']);
    expect(outcome(await offer(bob, { role_id: 2_000_000_000 }))).toEqual([404, 'ROLE_NOT_FOUND']);
    const other = await service.found(await service.person('Olga'), `Other ${founded}`);
    expect(outcome(await offer(bob, { role_id: other.roles.Viewer }))).toEqual([404, 'ROLE_NOT_FOUND']);

    const anHour = new Date(Date.now() + 3_600_000).toISOString();
    const assigned = { user_id: bob.userId, expires_at: anHour };
    const admin = await as(ada);
    const assignments = `/api/v1/roles/${acme.roles.Admin}/assignments`;
    expect((await admin.post(assignments, assigned)).status).toBe(201);
    expect(outcome(await offer(carl, {}, bob))).toEqual([403, 'FORBIDDEN']);
    // Who administers for a time can be handed it for good.
    await offer(bob);
    expect(outcome(await accept())).toEqual([200, undefined]);
    expect(await administrators()).toEqual([bob.userId]);
    expect(outcome(await offer(carl, {}, bob))).toEqual([201, undefined]);
  });
});
