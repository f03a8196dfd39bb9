import { connect, type Socket } from 'node:net';
import { eventually, expectError } from '@rivergate/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { data, foundOrganization, join, type Person, signUp } from './person.ts';

/** Many batches. */
const ENTRIES = 10_000;
/** Of entries that are long: more than fits on the way to a client that does not read. */
const LONG_ENTRIES = 10_000;

let fleet: AcceptanceFleet;
let database: pg.Client;
let owner: Person;
type Organization = Awaited<ReturnType<typeof foundOrganization>>;
let organization: Organization;
let bulky: Organization;
const pathOf = ({ path }: Organization) => `${path}/audit-logs`;
beforeAll(async () => {
  fleet = await startFleet();
  owner = await signUp(fleet, 'owner');
  organization = await foundOrganization(owner);
  bulky = await foundOrganization(owner);
  database = new pg.Client(fleet.environment.databaseAdminUrl);
  await database.connect();
  await fill(organization, ENTRIES, 10);
  await fill(bulky, LONG_ENTRIES, 4_000);
});
afterAll(async () => {
  await database?.end();
  await fleet?.stop();
});

/** In transactions of some hundred entries: the head of a chain is a row that each entry changes. */
async function fill({ id }: Organization, entries: number, length: number): Promise<void> {
  for (let written = 0; written < entries; written += 500)
    await database.query(
      `insert into organization.audit_log (action, organization_id, actor, subject, metadata)
       select 'thing.happened', $1, 'somebody', number::text, jsonb_build_object('text', repeat('x', $2))
       from generate_series(1, 500) number`,
      [id, length],
    );
}

const bearer = ({ tokens }: Person) => ({ authorization: `Bearer ${tokens.access_token}` });
const exported = (by: Person, format = 'ndjson') =>
  fetch(`${fleet.url}${pathOf(organization)}?format=${format}`, { headers: bearer(by) });

/** A client that begins an export and reads no more of it until it is told to. */
async function stalled(by: Person): Promise<{ socket: Socket; rest(): Promise<string> }> {
  const { hostname, port } = new URL(fleet.url);
  const socket = connect(Number(port), hostname).on('error', () => {});
  const closed = new Promise(resolve => socket.once('close', resolve));
  const head = `GET ${pathOf(bulky)}?format=ndjson HTTP/1.1\r\nHost: a\r\nConnection: close\r\n`;
  socket.write(`${head}Authorization: ${bearer(by).authorization}\r\n\r\n`);
  let text: string = await new Promise(resolve =>
    socket.once('data', chunk => {
      socket.pause();
      resolve(chunk.toString('latin1'));
    }),
  );
  expect(text).toMatch(/^HTTP\/1\.1 200 /);
  return {
    socket,
    async rest() {
      socket.on('data', chunk => {
        text += chunk.toString('latin1');
      });
      socket.resume();
      await closed;
      return text;
    },
  };
}
/** The end of an answer whose length is not known (RFC 9112, section 7.1). */
const LAST_CHUNK = /\r\n0\r\n\r\n$/;

async function anotherAdmin(): Promise<Person> {
  const admin = await signUp(fleet, 'admin');
  await join(owner, admin, bulky, 'Admin');
  return admin;
}

describe('an export of the audit log', () => {
  it('holds every entry once, newest first, in both formats', async () => {
    const lines = (await (await exported(owner)).text()).trimEnd().split('\n');
    const ids = lines.map(line => JSON.parse(line).id as number);
    expect(ids.length).toBeGreaterThan(ENTRIES);
    expect(ids.every((id, index) => index === 0 || id < ids[index - 1]!)).toBe(true);
    const csv = (await (await exported(owner, 'csv')).text()).trimEnd().split('\r\n');
    expect(csv.length).toBe(ids.length + 1);
  });

  it('of nothing has its header line, or no line', async () => {
    const nothing = (format: string) => owner.get(`${pathOf(organization)}?format=${format}&action=never`);
    expect((await nothing('csv')).text).toMatch(/^id,created_at,[a-z_,]+\r\n$/);
    expect((await nothing('ndjson')).text).toBe('');
  });

  it('ten times at once by one user is whole each time, and keeps nobody from the service', async () => {
    const exports = Array.from({ length: 10 }, async () => (await exported(owner)).text());
    data(await owner.get(organization.path));
    const lengths = new Set((await Promise.all(exports)).map(text => text.length));
    expect(lengths.size).toBe(1);
  });

  it('holds no transaction while its client does not read, and goes on when it does', async () => {
    const clients = await Promise.all(Array.from({ length: 3 }, () => stalled(owner)));
    const held = async () => {
      const { rows } = await database.query(
        `select 1 from pg_stat_activity where datname = current_database() and usename = 'rivergate_organization'
           and xact_start is not null`,
      );
      return rows.length;
    };
    await eventually(async () => (await held()) === 0, 'a database that holds nothing for them');
    data(await owner.get(organization.path));
    expect(await clients[0]!.rest()).toMatch(LAST_CHUNK);
    for (const { socket } of clients) socket.destroy();
  });

  it('breaks off when the caller is no administrator any more', async () => {
    const admin = await anotherAdmin();
    const { rest } = await stalled(admin);
    const { roles } = data(await owner.get(`${bulky.path}/roles`)) as {
      roles: { id: number; name: string }[];
    };
    const role_id = roles.find(({ name }) => name === 'Viewer')!.id;
    data(await owner.patch(`${bulky.path}/members/${admin.id}`, { role_id }));
    await eventually(async () => (await admin.get(pathOf(bulky))).status === 403);
    expect(await rest()).not.toMatch(LAST_CHUNK);
    expectError(await admin.get(`${pathOf(bulky)}?format=csv`), 403, 'FORBIDDEN');
  });

  it('breaks off when the caller is removed, or signs out', async () => {
    const [removed, leaver] = [await anotherAdmin(), await anotherAdmin()];
    const exports = [await stalled(removed), await stalled(leaver)];
    data(await owner.delete(`${bulky.path}/members/${removed.id}`));
    expect((await leaver.post('/api/v1/auth/logout', {})).status).toBe(204);
    await eventually(async () => (await removed.get(pathOf(bulky))).status === 401);
    for (const { rest } of exports) expect(await rest()).not.toMatch(LAST_CHUNK);
  });
});
