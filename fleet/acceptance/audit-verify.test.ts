import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { data, foundOrganization, type Person, signUp } from './person.ts';

let fleet: AcceptanceFleet;
let database: pg.Client;
let owner: Person;
let folder: string;
beforeAll(async () => {
  fleet = await startFleet({ env: { RATE_LIMIT_ORGANIZATION_CREATION: 'off' } });
  owner = await signUp(fleet, 'owner');
  folder = mkdtempSync(join(tmpdir(), 'rivergate-audit-'));
  database = new pg.Client(fleet.environment.databaseAdminUrl);
  await database.connect();
});
afterAll(async () => {
  await database?.end();
  await fleet?.stop();
  if (folder) rmSync(folder, { recursive: true });
});

/** As `npm run audit:verify` runs it, by the role of the service. */
async function verify(...args: string[]): Promise<{ code: number; said: string }> {
  const main = join(import.meta.dirname, '..', 'src', 'audit-verify.ts');
  const { DATABASE_URL } = fleet.environment.of('organization');
  const child = spawn(process.execPath, [main, ...args], { env: { PATH: process.env.PATH, DATABASE_URL } });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', text => {
      said += text;
    });
  const [code] = await once(child, 'close');
  return { code, said };
}

async function organizationWith(workspaces: number) {
  const organization = await foundOrganization(owner);
  for (let n = 0; n < workspaces; n++)
    data(await owner.post(`${organization.path}/workspaces`, { name: `Workspace ${n}` }), 201);
  return organization;
}
/** As somebody who can do everything in the database. */
async function tamper(statement: string): Promise<void> {
  await database.query(
    `set session_replication_role = replica; ${statement}; set session_replication_role = origin`,
  );
}

describe('npm run audit:verify', () => {
  it('finds nothing where nothing was changed, and names the entry where something was', async () => {
    const { id } = await organizationWith(5);
    expect(await verify()).toMatchObject({ code: 0, said: expect.stringContaining('as they were written') });
    await tamper(`create table public.kept as select * from organization.audit_log where organization_id = ${id};
      update organization.audit_log set actor_user_id = 4711 where organization_id = ${id} and sequence = 4`);
    const found = await verify();
    expect(found.code).toBe(1);
    expect(found.said).toMatch(
      new RegExp(`Organization ${id} entry 4 \\(id \\d+\\) says something else than was written`),
    );
    expect((await verify('--organization', String(id))).code).toBe(1);
    await tamper(`delete from organization.audit_log where organization_id = ${id};
      insert into organization.audit_log overriding system value select * from public.kept; drop table public.kept`);
    expect((await verify()).code).toBe(0);
  });

  it('names what was removed, put in, or cut off at the end', async () => {
    const removed = await organizationWith(4);
    const added = await organizationWith(4);
    const cut = await organizationWith(4);
    const erased = await organizationWith(1);
    const doubled = await organizationWith(1);
    const last = (
      await database.query(`select sequence from organization.audit_heads where organization_id = ${cut.id}`)
    ).rows[0].sequence;
    await tamper(`
      create table public.kept as select * from organization.audit_log where organization_id in (${removed.id}, ${cut.id}, ${erased.id});
      create table public.kept_heads as select * from organization.audit_heads where organization_id = ${erased.id};
      delete from organization.audit_log where organization_id = ${removed.id} and sequence = 3;
      insert into organization.audit_log (action, organization_id, actor, subject, sequence, recorded_at, origin_hash, previous_hash, hash, nodes)
        select 'x', organization_id, actor, subject, sequence, recorded_at, origin_hash, previous_hash, hash, nodes
        from organization.audit_log where organization_id = ${added.id} and sequence = 2;
      delete from organization.audit_log where organization_id = ${cut.id} and sequence = ${last};
      delete from organization.audit_log where organization_id = ${erased.id};
      delete from organization.audit_heads where organization_id = ${erased.id};
      insert into organization.audit_heads (organization_id, sequence) values (${doubled.id}, 0)`);
    const { code, said } = await verify();
    expect(code).toBe(1);
    expect(said).toMatch(
      new RegExp(`Organization ${removed.id} entry 4 \\(id \\d+\\) comes where entry 3 is missing`),
    );
    expect(said).toMatch(
      new RegExp(`Organization ${added.id} entry 2 \\(id \\d+\\) has number 2, which was before it already`),
    );
    expect(said).toContain(`Organization ${cut.id} ends at entry ${last - 1}, and its head says ${last}`);
    expect(said).toContain(`Organization ${erased.id} has no audit log`);
    expect(said).toContain(`Organization ${doubled.id} has more than one head`);
    expect(said).toMatch(/5 of \d+ audit logs are broken/);
    await tamper(`
      delete from organization.audit_heads where organization_id = ${doubled.id} and sequence = 0;
      delete from organization.audit_log where organization_id in (${removed.id}, ${cut.id})
        or (organization_id = ${added.id} and action = 'x');
      insert into organization.audit_log overriding system value select * from public.kept;
      insert into organization.audit_heads select * from public.kept_heads; drop table public.kept, public.kept_heads`);
    expect((await verify()).code).toBe(0);
  });

  it('shows a log that was made anew as a whole, by a head that was kept', async () => {
    const { id } = await organizationWith(3);
    const heads = join(folder, 'heads.ndjson');
    expect((await verify('--keep', heads)).code).toBe(0);
    data(await owner.post(`/api/v1/organizations/${id}/workspaces`, { name: 'Later' }), 201);
    expect((await verify('--against', heads)).code).toBe(0);
    const kept = readFileSync(heads, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line));
    expect(kept.find(head => head.organization_id === id)).toMatchObject({
      root_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });

    // All of it once more, in its order, with another actor, through the trigger that chains.
    await database.query('begin');
    await tamper(`create table public.anew as select * from organization.audit_log where organization_id = ${id} order by sequence;
      delete from organization.audit_log where organization_id = ${id}; delete from organization.audit_heads where organization_id = ${id}`);
    await database.query(`insert into organization.audit_log (action, organization_id, actor, subject, metadata, created_at)
      select action, organization_id, 'service:nobody', subject, metadata, created_at from public.anew order by sequence; drop table public.anew`);
    await database.query('commit');
    expect((await verify()).code).toBe(0);
    const { code, said } = await verify('--against', heads);
    expect(code).toBe(1);
    expect(said).toContain(`Organization ${id} was another log up to entry`);

    const answered = join(folder, 'head.json');
    const path = `/api/v1/organizations/${id}/audit-logs/head`;
    writeFileSync(answered, (await owner.get(path)).text);
    expect((await verify('--against', answered)).code).toBe(0);
    await tamper(`create table public.kept as select * from organization.audit_log where organization_id = ${id};
      create table public.kept_heads as select * from organization.audit_heads where organization_id = ${id};
      delete from organization.audit_log where organization_id = ${id}; delete from organization.audit_heads where organization_id = ${id}`);
    await database.query(
      `insert into organization.audit_log (action, organization_id, actor, subject) values ('a', ${id}, 'b', 'c')`,
    );
    expect((await verify('--against', answered)).said).toMatch(
      /ends at entry 1, and the head that was kept says \d+/,
    );
  });

  it('says what it cannot do', async () => {
    expect(await verify('--organization', 'all')).toMatchObject({ code: 2 });
    expect(await verify('--against', join(folder, 'nowhere'))).toMatchObject({ code: 2 });
  });
});
