import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Founded,
  type OrganizationUnderTest,
  type Person,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';
import { asCsv } from './export.ts';

let service: OrganizationUnderTest;
let ada: Person;
let acme: Founded;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
  ada = await service.person('Ada');
  acme = await service.found(ada, 'Acme');
  const admin = await service.member(ada, acme.id);
  for (const name of ['One', 'Two', 'Three'])
    await admin.post(`/api/v1/organizations/${acme.id}/workspaces`, { name });
});
afterAll(async () => await service?.stop());

const path = () => `/api/v1/organizations/${acme.id}/audit-logs`;
const actions = (body: { data: { audit_logs: { action: string }[] } }) =>
  body.data.audit_logs.map(({ action }) => action);

describe('200: the audit log', () => {
  it('holds what was done, by whom, newest first', async () => {
    const { body } = await (await service.member(ada, acme.id)).get(path());
    const times: string[] = body.data.audit_logs.map((entry: { created_at: string }) => entry.created_at);
    expect(times).toEqual(times.toSorted().reverse());
    expect(actions(body)).toContain('organization.created');
    const newest = body.data.audit_logs.find(
      (entry: { action: string }) => entry.action === 'workspace.created',
    );
    expect(newest).toMatchObject({ actor_user_id: ada.userId, metadata: { name: 'Three' } });
    expect(body.data.total_count).toBe(body.data.audit_logs.length);
  });
  it('is paged and filtered by action, prefix, person and time', async () => {
    const admin = await service.member(ada, acme.id);
    const get = async (query: string) => (await admin.get(`${path()}?${query}`)).body;
    expect(actions(await get('action=workspace.created&skip=1&limit=1'))).toEqual(['workspace.created']);
    const ofWorkspaces = actions(await get('action=workspace.'));
    expect(ofWorkspaces).toContain('workspace.created');
    expect(ofWorkspaces.filter(action => !action.startsWith('workspace.'))).toEqual([]);
    expect(actions(await get('actor_user_id=999999'))).toEqual([]);
    expect(actions(await get('since=2999-01-01T00:00:00Z'))).toEqual([]);
    const newest = (await get('limit=1')).data.audit_logs[0].created_at;
    const elsewhere = new Date(Date.parse(newest) - 5_400_000).toISOString().replace('Z', '-01:30');
    const since = (time: string) => get(`since=${encodeURIComponent(time)}`);
    expect((await since(elsewhere)).data.audit_logs).toEqual((await since(newest)).data.audit_logs);
    expect((await get('until=2999-01-01T00:00:00Z')).data.total_count).toBeGreaterThan(3);
  });
  it('pages by cursor: entries that arrive meanwhile are neither lost nor shown twice', async () => {
    const own = await service.found(ada, 'Cursors');
    const admin = await service.member(ada, own.id);
    const page = async (query: string) =>
      (await admin.get(`/api/v1/organizations/${own.id}/audit-logs?${query}`)).body.data;
    const addEntry = (name: string) => admin.post(`/api/v1/organizations/${own.id}/workspaces`, { name });
    const idsOf = (data: { audit_logs: { id: number }[] }) => data.audit_logs.map(({ id }) => id);

    const before = idsOf(await page('limit=100'));
    expect(before.length).toBeGreaterThan(4);
    const walked: number[] = [];
    let cursor: string | null = '';
    for (let pages = 1; cursor !== null; pages++) {
      expect((await addEntry(`Arrived ${pages}`)).status).toBe(201);
      const data: { next_cursor: string | null; audit_logs: { id: number }[] } = await page(
        pages === 1 ? 'limit=2&skip=0' : `limit=2&cursor=${cursor}`,
      );
      walked.push(...idsOf(data));
      cursor = data.next_cursor;
    }
    const arrivedFirst = walked.filter(id => !before.includes(id));
    expect(walked).toEqual([...arrivedFirst, ...before]);
    expect(new Set(walked).size).toBe(walked.length);
    const again = idsOf(await page('limit=100'));
    expect(again.slice(-walked.length)).toEqual(walked);
  });
  it('keeps its filter on every page, and ends where it ends', async () => {
    const admin = await service.member(ada, acme.id);
    const get = async (query: string) =>
      (await admin.get(`${path()}?action=workspace.created&${query}`)).body;
    const all = await get('limit=100');
    expect(all.data.next_cursor).toBeNull();
    const first = await get('limit=1');
    const rest = await get(`limit=100&cursor=${first.data.next_cursor}`);
    expect([...first.data.audit_logs, ...rest.data.audit_logs]).toEqual(all.data.audit_logs);
    expect([rest.data.total_count, rest.data.next_cursor]).toEqual([all.data.total_count, null]);
  });
  it('gives by cursor no entry of another organization', async () => {
    const other = await service.found(ada, 'Elsewhere');
    const newest = (
      await (await service.member(ada, other.id)).get(`/api/v1/organizations/${other.id}/audit-logs?limit=1`)
    ).body.data.next_cursor;
    const { body } = await (await service.member(ada, acme.id)).get(`${path()}?cursor=${newest}`);
    const own = (await (await service.member(ada, acme.id)).get(path())).body.data;
    const known = new Set(own.audit_logs.map(({ id }: { id: number }) => id));
    expect(body.data.audit_logs.filter(({ id }: { id: number }) => !known.has(id))).toEqual([]);
  });
  it('is exported as CSV and as NDJSON', async () => {
    const admin = await service.member(ada, acme.id);
    const csv = await admin.get(`${path()}?format=csv&action=workspace.created`);
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(csv.headers.get('content-disposition')).toContain('attachment');
    expect(csv.text.split('\r\n')).toHaveLength(
      1 + (await admin.get(`${path()}?action=workspace.created`)).body.data.total_count + 1,
    );
    const ndjson = await admin.get(`${path()}?format=ndjson&action=workspace.created`);
    expect(
      ndjson.text
        .trim()
        .split('\n')
        .map(line => JSON.parse(line).action),
    ).toContain('workspace.created');
  });
  it('gives a spreadsheet no formula to run', async () => {
    const { body } = await (await service.member(ada, acme.id)).get(`${path()}?limit=1`);
    const entry = { ...body.data.audit_logs[0], user_agent: '=HYPERLINK("x")' };
    const batches = (async function* () {
      yield [entry];
    })();
    let csv = '';
    for await (const text of asCsv(batches)) csv += text;
    expect(csv).toContain(`"'=HYPERLINK(""x"")"`);
  });
});

const cursorFor = (text: string) => Buffer.from(text).toString('base64url');
const badCursors = [
  'cursor=',
  'cursor=7',
  'cursor=%00',
  `cursor=${cursorFor('login_history:7')}`,
  `cursor=${cursorFor('audit_logs:-7')}`,
  `cursor=${cursorFor('audit_logs:07')}`,
  `cursor=${cursorFor("audit_logs:7' or true")}`,
  `cursor=${cursorFor('audit_logs:99999999999999999999')}`,
  `cursor=${cursorFor('audit_logs:7')}=`,
  `cursor=${cursorFor('audit_logs:7')}&skip=1`,
  `cursor=${'x'.repeat(101)}`,
];

describe('403, 404, 422: the audit log', () => {
  it('is for administrators', async () => {
    const bob = await service.person('Bob');
    expect((await (await service.member(bob, acme.id)).get(path())).status).toBe(404);
  });
  it('takes no filter that it does not know', async () => {
    const admin = await service.member(ada, acme.id);
    for (const query of ['since=yesterday', 'format=xml', 'actor_user_id=-1', 'action=', ...badCursors]) {
      expect((await admin.get(`${path()}?${query}`)).status, query).toBe(422);
    }
  });
});
