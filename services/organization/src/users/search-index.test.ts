import { withinOrganization } from '@rivergate/endpoint';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { whoHave } from '../members/member-search.ts';
import {
  type Founded,
  type OrganizationUnderTest,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';

const MANY = 20_000;

let service: OrganizationUnderTest;
let large: Founded;
let small: Founded;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
  large = await service.found(await service.person('Ada'), 'Large');
  small = await service.found(await service.person('Bob'), 'Small');
  await service.sql(`
    insert into organization.people (user_id, email, display_name, verified_emails)
    select 1000000 + n, 'u' || md5(n::text) || '@example.com', 'Person ' || md5('name ' || n), '{}'
    from generate_series(1, ${MANY}) n`);
  await service.sql(`
    insert into organization.memberships (organization_id, user_id, source)
    select ${large.id}, 1000000 + n, 'admin' from generate_series(1, ${MANY}) n`);
  for (const table of ['people', 'memberships']) await service.sql(`analyze organization.${table}`);
}, 120_000);
afterAll(async () => await service?.stop());

/** The plan for a search, as the service's own role is given it under row-level security. */
const planOf = (organization: Founded, search: string) =>
  service.resources.knex.transaction(async db => {
    await withinOrganization(db, organization.id);
    // As among millions, where reading all of them takes longest.
    await db.raw('set local seq_page_cost = 100');
    const { sql, bindings } = whoHave(db, organization.id, search, 'search').toSQL();
    const { rows } = await db.raw(`explain (analyze, timing off) ${sql}`, bindings as never);
    return rows.map((row: Record<string, string>) => row['QUERY PLAN']).join('\n') as string;
  });
const milliseconds = (plan: string) => Number(/Execution Time: ([\d.]+)/.exec(plan)?.[1]);

it('a part of an address or name is found among many members by the trigram index', async () => {
  const [{ email }] = (await service.sql<{ email: string }>(
    'select email from organization.people where user_id = 1000500',
  )) as [{ email: string }];
  for (const part of [email.slice(3, 15), email]) {
    const plan = await planOf(large, part);
    expect(plan).toMatch(/Bitmap Index Scan on people_by_part/);
    expect(plan).not.toMatch(/Seq Scan on (people|memberships)/);
    expect(milliseconds(plan)).toBeLessThan(200);
  }
});

it('in a small organization others are not searched', async () => {
  const plan = await planOf(small, 'example.com');
  expect(plan).not.toMatch(/people_by_part|Seq Scan on people/);
  expect(milliseconds(plan)).toBeLessThan(200);
});
