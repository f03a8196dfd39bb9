import { eventually } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import {
  type Founded,
  type OrganizationUnderTest,
  type Person,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';

let service: OrganizationUnderTest;
let [ada, bob, cleo] = [] as unknown as [Person, Person, Person];
let acme: Founded;
let founded = 0;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
  [ada, bob, cleo] = [await service.person('Ada'), await service.person('Bob'), await service.person('Cleo')];
});
afterAll(async () => await service?.stop());
beforeEach(async () => {
  acme = await service.found(ada, `Acme ${++founded}`);
  await service.join(acme, bob);
  await service.join(acme, cleo);
});

const PATH = '/api/v1/users/bulk-update';
const member = (person: Person) => service.member(person, acme.id);
/** What each user came to: a status, or the code of a refusal. */
const update = async (body: object, by = ada) => {
  const caller = await member(by);
  const answer = await caller.post(PATH, body);
  expect(answer.status, answer.text).toBe(202);
  const address = answer.headers.get('location')!;
  await eventually(async () => (await caller.get(address)).body.data.finished_at !== null, 'the job to end');
  const { items } = (await (await member(ada)).get(`${address}/items`)).body.data;
  return items.map(
    (item: { outcome: string; error: { code: string } | null }) => item.error?.code ?? item.outcome,
  );
};
const user = async ({ userId }: Person) =>
  (await (await member(ada)).get(`/api/v1/users/${userId}`)).body.data.user;

it('changes role, status and workspace of many, with a result for each', async () => {
  const workspace = await (await member(ada)).post(`/api/v1/organizations/${acme.id}/workspaces`, {
    name: 'Lab',
  });
  expect(workspace.status, workspace.text).toBe(201);
  const { id } = workspace.body.data.workspace;
  const change = { role_id: acme.roles.Developer, workspace_id: id, status: 'suspended', reason: 'Over' };
  const stranger = await service.person('Eve');
  const user_ids = [bob.userId, stranger.userId, cleo.userId, ada.userId];
  expect(await update({ ...change, user_ids })).toEqual([
    'done',
    'USER_NOT_FOUND',
    'done',
    'CANNOT_SUSPEND_SELF',
  ]);
  const shown = await user(bob);
  expect(shown).toMatchObject({ status: 'suspended', role: { name: 'Developer' } });
  expect(
    shown.workspaces.map(({ name, role }: { name: string; role: { name: string } }) => [name, role.name]),
  ).toEqual([
    [expect.any(String), 'Developer'],
    ['Lab', 'Developer'],
  ]);
  expect(await user(ada)).toMatchObject({ status: 'active', is_admin: true });
  expect(await update({ status: 'active', user_ids: [bob.userId] })).toEqual(['done']);
  // What is so already changes nothing.
  expect(await update({ status: 'active', workspace_id: id, user_ids: [bob.userId] })).toEqual(['done']);
});

it('leaves an administrator, and hands out no more than the caller holds', async () => {
  const role = await (await member(ada)).post('/api/v1/roles', {
    name: 'Writer',
    permissions: ['user.write'],
  });
  const writer = role.body.data.role.id;
  expect(await update({ role_id: writer, user_ids: [bob.userId, ada.userId] })).toEqual([
    'done',
    'LAST_ADMINISTRATOR',
  ]);
  const all = [cleo.userId, ada.userId];
  expect(await update({ role_id: acme.roles.Admin, user_ids: all }, bob)).toEqual(['FORBIDDEN', 'FORBIDDEN']);
  expect(await update({ status: 'suspended', user_ids: all }, bob)).toEqual(['done', 'FORBIDDEN']);
  expect(await update({ role_id: acme.roles.Admin, user_ids: [bob.userId] })).toEqual(['done']);
  expect(await update({ role_id: 999_999, user_ids: [bob.userId] })).toEqual(['ROLE_NOT_FOUND']);
  expect(await update({ workspace_id: 999_999, user_ids: [bob.userId] })).toEqual(['WORKSPACE_NOT_FOUND']);
});

it('refuses who may not, and lists that make no sense', async () => {
  const body = { status: 'suspended', user_ids: [bob.userId] };
  expect((await service.nobody.post(PATH, body)).status).toBe(401);
  expect((await service.stranger(await service.person('Eve')).post(PATH, body)).status).toBe(404);
  expect((await (await member(cleo)).post(PATH, body)).status).toBe(403);
  const admin = await member(ada);
  for (const wrong of [
    { user_ids: [bob.userId] },
    { status: 'suspended', user_ids: [] },
    { status: 'suspended', user_ids: [bob.userId, bob.userId] },
    { status: 'suspended', user_ids: Array.from({ length: 501 }, (_, index) => index + 1) },
    { ...body, is_admin: true },
  ])
    expect((await admin.post(PATH, wrong)).status).toBe(422);
});

it('is paused, goes on, is cancelled and can be followed, as every job', async () => {
  const caller = await member(ada);
  const user_ids = Array.from({ length: 500 }, (_, index) => 1_000_000 + index);
  const started = await caller.post(PATH, { status: 'active', user_ids });
  const address = started.headers.get('location')!;
  const act = async (action: string) => (await caller.post(`${address}/${action}`)).body.data.status;
  expect(await act('pause')).toMatch(/^paus(?:ed|ing)$/);
  expect(await act('resume')).toBe('running');
  expect(await act('cancel')).toMatch(/^cancell(?:ed|ing)$/);
  await eventually(
    async () => (await caller.get(address)).body.data.status === 'cancelled',
    'the job to end',
  );
  const followed = await caller.get(`${address}/events`);
  expect(followed.text).toContain('"status":"cancelled"');
});
