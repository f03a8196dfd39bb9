import { expectError, type TestCaller } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Founded,
  type OrganizationUnderTest,
  type Person,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';

let service: OrganizationUnderTest;
let acme: Founded;
let bob: Person;
let admin: TestCaller;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
  const ada = await service.person('Ada');
  acme = await service.found(ada, 'Acme');
  bob = await service.person('Bob');
  await service.join(acme, bob);
  admin = await service.member(ada, acme.id);
});
afterAll(async () => await service?.stop());

describe.each<[string, () => string, (round: number) => object]>([
  ['an organization', () => '', round => ({ name: `Acme ${round}` })],
  ['settings', () => '/settings', round => ({ tokens: { access_token_minutes: 5 + round } })],
  [
    'a member',
    () => `/members/${bob.userId}`,
    round => ({ role_id: acme.roles[round % 2 === 0 ? 'Developer' : 'Viewer'] }),
  ],
])('a change of %s with If-Match', (_, place, change) => {
  const path = () => `/api/v1/organizations/${acme.id}${place()}`;
  const tag = async () => (await admin.get(path())).headers.get('etag')!;
  const patch = (round: number, ifMatch: string) =>
    admin.patch(path(), change(round), { headers: { 'if-match': ifMatch } });

  it('is made on what was read, and refused once that has changed', async () => {
    const read = await tag();
    expect((await patch(2, read)).status).toBe(200);
    const changed = (await admin.get(path())).body;
    expectError(await patch(3, read), 412, 'PRECONDITION_FAILED');
    expect((await admin.get(path())).body).toEqual(changed);
    expect((await patch(3, await tag())).status).toBe(200);
  });
  it('is made once of ten at once', async () => {
    const read = await tag();
    const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => patch(4 + 2 * i, read)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(412)]);
  });
});

describe('a read with If-None-Match', () => {
  it('is 304 until something changes', async () => {
    const path = `/api/v1/organizations/${acme.id}`;
    const known = { headers: { 'if-none-match': (await admin.get(path)).headers.get('etag')! } };
    expect((await admin.get(path, known)).status).toBe(304);
    await admin.patch(path, { name: 'Acme renamed' });
    expect((await admin.get(path, known)).status).toBe(200);
  });
});
