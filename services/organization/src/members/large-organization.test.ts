import { withinOrganization } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { auditEntries, countEntries } from '../audit/audit-log-store.ts';
import {
  type Founded,
  type OrganizationUnderTest,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';
import { pageOfUsers } from '../users/list-users.ts';
import { keepAnAdministrator } from './last-administrator.ts';
import { isMemberAddress } from './member-store.ts';

const MEMBERS = 20_000;
/** Rows that the statements of one request may look at: far fewer than there are. */
const FEW = 4_000;

let service: OrganizationUnderTest;
let acme: Founded;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
  acme = await service.found(await service.person('Ada'), 'Acme');
  await service.sql(`
    insert into organization.people (user_id, email, display_name, verified_emails)
    select 1000000 + n, 'u' || md5(n::text) || '@example.com', 'Person ' || md5('name ' || n), '{}'
    from generate_series(1, ${MEMBERS}) n`);
  await service.sql(`
    insert into organization.memberships (organization_id, user_id, source, status, joined_at)
    select ${acme.id}, 1000000 + n, 'scim', case when n % 100 = 0 then 'suspended' else 'active' end, now() + n * interval '1 second'
    from generate_series(1, ${MEMBERS}) n`);
  await service.sql(`
    insert into organization.role_assignments (organization_id, user_id, role_id)
    select ${acme.id}, 1000000 + n, ${acme.roles.Viewer} from generate_series(1, ${MEMBERS}) n`);
  for (let written = 0; written < 4_000; written += 500)
    await service.sql(`
      insert into organization.audit_log (action, organization_id, actor, subject)
      select 'thing.happened', ${acme.id}, 'somebody', n::text from generate_series(${written + 1}, ${written + 500}) n`);
  for (const table of ['people', 'memberships', 'role_assignments', 'audit_log'])
    await service.sql(`analyze organization.${table}`);
}, 120_000);
afterAll(async () => await service?.stop());

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  Plans?: Plan[];
}

/** Rows that the plans of all statements of the work look at, as the service's own role is given them. */
async function rowsLookedAt(work: (db: Knex.Transaction) => Promise<unknown>): Promise<number> {
  return await service.resources.knex.transaction(async db => {
    await withinOrganization(db, acme.id);
    const statements: { sql: string; bindings: never[] }[] = [];
    db.on('query', (query: { sql: string; bindings: never[] }) => statements.push(query));
    await work(db);
    db.removeAllListeners('query');
    expect(statements.length).toBeGreaterThan(0);
    // As among millions of rows, where reading all of them takes longest.
    await db.raw('set local seq_page_cost = 100');
    let rows = 0;
    for (const { sql, bindings } of statements) {
      const explained = `explain (analyze, timing off, format json) ${sql.replaceAll(/\$\d+/g, '?')}`;
      const [{ 'QUERY PLAN': plans }] = (await db.raw(explained, bindings)).rows;
      rows += scanned(plans[0].Plan, sql);
    }
    return rows;
  });
}

function scanned(plan: Plan, sql: string): number {
  const own = plan['Relation Name']
    ? plan['Actual Loops'] * (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0))
    : 0;
  if (plan['Node Type'] === 'Seq Scan') expect(own, sql).toBeLessThan(100);
  return own + (plan.Plans ?? []).reduce((sum, part) => sum + scanned(part, sql), 0);
}

const page = (asked: object) => (db: Knex.Transaction) =>
  pageOfUsers(db, acme.id, { skip: 0, limit: 20, sort_by: 'created_at', sort_order: 'asc', ...asked });

const CASES: Record<string, (db: Knex.Transaction) => Promise<unknown>> = {
  'the first page of users': page({}),
  'the first page by name': page({ sort_by: 'display_name' }),
  'the last page by address': page({ sort_by: 'email', sort_order: 'desc' }),
  'suspended users': page({ status: 'suspended' }),
  'a search that finds one': page({ email: 'uc4ca4238a0b923820dcc509a6f75849b' }),
  'a search that finds nobody': page({ name: 'zzzzzz' }),
  'a search for two letters that finds nobody': page({ name: 'xq' }),
  'a search for a letter that finds nobody': page({ name: '#' }),
  'whether an address is a member': db => isMemberAddress(db, acme.id, 'nobody@example.com'),
  'whether another administrator is left': async db =>
    await keepAnAdministrator(db, acme.id, { user_id: 1000001, status: 'active', is_admin: true }),
  'the count of the audit log': db => countEntries(db, acme.id, {}),
  'an action of the audit log': db => countEntries(db, acme.id, { action: 'organization.created' }),
  'actions of the audit log by prefix': db => countEntries(db, acme.id, { action: 'organization.' }),
  'an actor of the audit log': db => countEntries(db, acme.id, { actor: 'service:nobody' }),
  'a moment of the audit log': db => countEntries(db, acme.id, { until: '2020-01-01T00:00:00Z' }),
  'the first page of the audit log': async db =>
    await auditEntries(db, acme.id, {}).orderBy('id', 'desc').limit(21).select('id'),
};

for (const [what, work] of Object.entries(CASES))
  it(`${what} is found by indexes, however many there are`, async () => {
    expect(await rowsLookedAt(work)).toBeLessThan(FEW);
  });
