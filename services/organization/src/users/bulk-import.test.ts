import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '@rivergate/testing';
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
let acme: Founded;
let founded = 0;
let served = 'email\n';
const files = createServer((request, response) => {
  if (request.url === '/gone') response.writeHead(404);
  if (request.url === '/inside')
    response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' });
  response.end(served);
});
beforeAll(async () => {
  await new Promise<void>(resolve => files.listen(0, '127.0.0.2', resolve));
  service = await startOrganizationUnderTest({
    OUTBOUND_ALLOW: '127.0.0.2',
    PLAN_SEATS_ENTERPRISE: '12',
    RATE_LIMIT_INVITATION_SENDER: 'off',
    RATE_LIMIT_INVITATION_ORGANIZATION: 'off',
    RATE_LIMIT_INVITATION_MAIL: 'off',
  });
});
afterAll(async () => {
  files.close();
  await service?.stop();
});
beforeEach(async () => {
  ada = await service.person('Ada');
  acme = await service.found(ada, `Acme ${++founded}`);
});

const PATH = '/api/v1/users/bulk-import';
const urlOf = (path: string) => `http://127.0.0.2:${(files.address() as AddressInfo).port}${path}`;
const member = (person: Person) => service.member(person, acme.id);
const start = async (body: object, by = ada) => {
  const caller = await member(by);
  if (!(body instanceof FormData)) return await caller.post(PATH, body);
  const form = new Response(body);
  const headers = { 'content-type': form.headers.get('content-type')! };
  return await caller.post(PATH, undefined, { raw: new Uint8Array(await form.arrayBuffer()), headers });
};
const finished = async (id: string) =>
  await eventually(async () => {
    const { data } = (await (await member(ada)).get(`${PATH}/${id}`)).body;
    return data.finished_at !== null && data;
  }, 'the import to end');
const imported = async (body: object, by = ada) => {
  const answer = await start(body, by);
  expect(answer.status, answer.text).toBe(200);
  return await finished(answer.body.data.import_id);
};
const codes = ({ errors }: { errors: { row: number; error: { code: string } }[] }) =>
  errors.map(({ row, error }) => [row, error.code]);
const pending = () =>
  service.sql<Record<string, string>>(
    `select i.email, i.display_name, r.name as role, w.slug from organization.invitations i
     join organization.roles r on r.id = i.role_id join organization.workspaces w on w.id = i.workspace_id
     where i.organization_id = ? and i.status = 'pending' order by i.id`,
    [acme.id],
  );

describe('importing users', () => {
  it('mails a link for each row, by name or id of role and workspace, and reports what is wrong with the others', async () => {
    const content = [
      '\ufeffEmail;nickname;display_name;role;workspace',
      'grace@example.com;"g',
      '"";";"Grace ""Amazing"" Hopper; Dr.";developer;',
      `ALAN@example.com;;;${acme.roles.Developer};${acme.workspaceId}`,
      'no address;;;;',
      '=cmd|calc;;;;',
      `${ada.email};;;;`,
      'role@example.com;;;King;',
      'place@example.com;;;;nowhere',
      'grace@example.com;;;;',
      'name@example.com;;Bad\u202ename;;',
      'few@example.com',
    ].join('\r\n');
    const answer = await start({ content });
    const { import_id } = answer.body.data;
    expect(answer.body.data).toMatchObject({ total_rows: 10, processed: 0, status: 'processing' });
    expect(import_id).toMatch(/^import_\d+$/);
    const done = await finished(import_id);
    expect(done).toMatchObject({
      status: 'completed',
      processed: 10,
      succeeded: 4,
      failed: 6,
      dry_run: false,
    });
    expect(codes(done)).toEqual([
      [3, 'VALIDATION_ERROR'],
      [4, 'VALIDATION_ERROR'],
      [6, 'ROLE_NOT_FOUND'],
      [7, 'WORKSPACE_NOT_FOUND'],
      [8, 'INVITATION_ALREADY_EXISTS'],
      [9, 'VALIDATION_ERROR'],
    ]);
    expect(await pending()).toMatchObject([
      {
        email: 'grace@example.com',
        display_name: 'Grace "Amazing" Hopper; Dr.',
        role: 'Developer',
      },
      { email: 'alan@example.com', display_name: null, role: 'Developer' },
      { email: 'few@example.com', role: 'Viewer' },
    ]);
  });

  it('shows who accepts by the name that was imported, in this organization', async () => {
    const bob = await service.person('Bob');
    await imported({ content: `email,display_name\n${bob.email},Robert` });
    const mail = await service.mail.nth(bob.email, 1);
    const token = /[?&]token=([\w-]+)/.exec(mail.text)?.[1] ?? /invitations?\/([\w-]+)/.exec(mail.text)![1];
    const accepted = await service.stranger(bob).post(`/api/v1/invitations/${token}/accept`);
    expect(accepted.status, accepted.text).toBe(200);
    const { body } = await (await member(ada)).get(`/api/v1/users/${bob.userId}`);
    expect(body.data.user).toMatchObject({ display_name: 'Robert', role: { name: 'Viewer' } });
  });

  it('reads SCIM documents, alone or in a ListResponse', async () => {
    const users = [
      { userName: 'one@example.com', name: { givenName: 'One', familyName: 'First' } },
      {
        userName: 'two',
        displayName: 'Two',
        emails: [{ value: 'other@example.com' }, { value: 'two@example.com', primary: true }],
        roles: [{ value: 'Developer' }],
        deep: { password: 'Secret1secret' },
      },
      { userName: 'three@example.com', active: false },
      null,
      'text',
      { emails: 'four@example.com' },
    ];
    const list = { schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'], Resources: users };
    const done = await imported({ content: JSON.stringify(list), format: 'scim' });
    expect(codes(done).map(([row]) => row)).toEqual([3, 4, 5, 6]);
    expect(await pending()).toMatchObject([
      { email: 'one@example.com', display_name: 'One First', role: 'Viewer' },
      { email: 'two@example.com', display_name: 'Two', role: 'Developer' },
    ]);
    const again = await imported({ content: JSON.stringify(users), format: 'scim', dry_run: true });
    expect(codes(again)[0]).toEqual([1, 'INVITATION_ALREADY_EXISTS']);
    expect(await service.sql("select from organization.job_items where item::text like '%Secret1%'")).toEqual(
      [],
    );
  });

  it('of a dry run says what would be, and changes nothing', async () => {
    const rows = Array.from({ length: 13 }, (_, index) => `dry${index}@example.com`);
    const content = ['email', ...rows, rows[0]].join('\n');
    const refused = [
      [12, 'PLAN_LIMIT_EXCEEDED'],
      [13, 'PLAN_LIMIT_EXCEEDED'],
      [14, 'INVITATION_ALREADY_EXISTS'],
    ];
    const done = await imported({ content, dry_run: true });
    expect(done).toMatchObject({ dry_run: true, succeeded: 11, failed: 3 });
    expect(codes(done)).toEqual(refused);
    expect(await pending()).toEqual([]);
    expect(service.mail.to(rows[0]!)).toEqual([]);
    // As the import itself then has it.
    expect(codes(await imported({ content }))).toEqual(refused);
    expect(await pending()).toHaveLength(11);
  });

  it('takes an uploaded file, and one from a URL', async () => {
    const form = new FormData();
    form.set('dry_run', 'true');
    form.set('file', new File(['email\nupload@example.com\n'], 'users.csv', { type: 'text/csv' }));
    const done = await imported(form);
    expect(done).toMatchObject({ succeeded: 1, dry_run: true });
    served = 'email\nfetched@example.com\n';
    await imported({ file_url: urlOf('/users.csv') });
    expect(await pending()).toMatchObject([{ email: 'fetched@example.com' }]);
  });

  it('fetches from no address inside, also not by a redirect', async () => {
    for (const file_url of [
      'http://127.0.0.1:5432/',
      'http://localhost/',
      'http://[::1]/',
      'http://169.254.169.254/latest/meta-data',
      'http://10.0.0.1/users.csv',
      'http://2130706433/',
      urlOf('/inside'),
      urlOf('/gone'),
    ])
      expect(outcome(await start({ file_url })), file_url).toEqual([400, 'IMPORT_FILE_UNREADABLE']);
    expect((await start({ file_url: 'file:///etc/passwd' })).status).toBe(422);
  });

  it('refuses what is not of its format, or too large', async () => {
    for (const content of [
      '',
      'email\n',
      'name\nGrace',
      'email,email\na@example.com,b@example.com',
      'email\n"a@example.com',
      `email\n"${'x\n'.repeat(40_000)}"`,
    ])
      expect(outcome(await start({ content })), content.slice(0, 40)).toEqual([
        400,
        'IMPORT_FILE_UNREADABLE',
      ]);
    for (const content of ['{', '{}', '"text"', `${'['.repeat(1000)}${']'.repeat(1000)}`, '[{"a":1,"a":2}]'])
      expect(outcome(await start({ content, format: 'scim' }))).toEqual([400, 'IMPORT_FILE_UNREADABLE']);
    served = `email\n${'x'.repeat(11 * 1024 * 1024)}`;
    for (const body of [
      { content: `email\n${'a@example.com\n'.repeat(10_001)}` },
      { content: 'x'.repeat(10 * 1024 * 1024 + 1) },
      { content: JSON.stringify(Array(10_001).fill({})), format: 'scim' },
      { file_url: urlOf('/bomb.csv') },
    ])
      expect(outcome(await start(body))).toEqual([413, 'REQUEST_ENTITY_TOO_LARGE']);
    for (const body of [{}, { content: 'email', file_url: urlOf('/') }, { content: 'email', format: 'xml' }])
      expect((await start(body)).status).toBe(422);
    const latin = new FormData();
    latin.set('file', new File([new Uint8Array([0x65, 0xe9, 0x0a])], 'users.csv', { type: 'text/csv' }));
    expect(outcome(await start(latin))).toEqual([400, 'IMPORT_FILE_UNREADABLE']);
  });

  it('gives away no more than its starter may, and is seen by who may import alone', async () => {
    const bob = await service.person('Bob');
    await service.join(acme, bob);
    const content = 'email,role\nadmin@example.com,Admin\nsame@example.com,Writer\ndev@example.com,Developer';
    expect((await service.nobody.post(PATH, { content })).status).toBe(401);
    expect(outcome(await start({ content }, bob))).toEqual([403, 'FORBIDDEN']);
    const other = await service.found(await service.person('Cleo'), `Other ${founded}`);
    expect(outcome(await start({ content, organization_id: other.id }))).toEqual([
      404,
      'ORGANIZATION_NOT_FOUND',
    ]);
    const role = await (await member(ada)).post('/api/v1/roles', {
      name: 'Writer',
      permissions: ['user.write'],
    });
    const assignment = { user_id: bob.userId };
    await (await member(ada)).post(`/api/v1/roles/${role.body.data.role.id}/assignments`, assignment);
    const done = await imported({ content }, bob);
    expect(codes(done)).toEqual([
      [1, 'FORBIDDEN'],
      [3, 'FORBIDDEN'],
    ]);
    // What the import sends can be accepted, though its sender may not invite otherwise.
    const mail = await service.mail.nth('same@example.com', 1);
    expect(mail.text).toContain('Writer');
    const foreign = await service.member(other.administrator, other.id);
    expect(outcome(await foreign.get(`${PATH}/${done.import_id}`))).toEqual([404, 'IMPORT_NOT_FOUND']);
    const viewer = await service.person('Viewer');
    await service.join(acme, viewer);
    expect((await (await member(viewer)).get(`${PATH}/${done.import_id}`)).status).toBe(403);
    for (const wrong of ['1', 'import_0', 'import_x', 'export_1'])
      expect((await (await member(ada)).get(`${PATH}/${wrong}`)).status).toBe(422);
  });
});

it('is paused, goes on, is cancelled and can be followed, as every job', async () => {
  const rows = Array.from({ length: 500 }, (_, index) => `person${index}@example.com`);
  const answer = await start({ content: ['email', ...rows].join('\n'), dry_run: true });
  const address = `${PATH}/${answer.body.data.import_id}`;
  const caller = await member(ada);
  const act = async (action: string) => (await caller.post(`${address}/${action}`)).body.data.status;
  expect(await act('pause')).toMatch(/^paus(?:ed|ing)$/);
  expect(await act('resume')).toBe('running');
  expect(await act('cancel')).toMatch(/^cancell(?:ed|ing)$/);
  await finished(answer.body.data.import_id);
  const followed = await caller.get(`${address}/events`);
  expect(followed.text).toContain('"status":"cancelled"');
  const { items } = (await caller.get(`${address}/items?outcome=skipped&limit=1`)).body.data;
  expect(items).toHaveLength(1);
});
