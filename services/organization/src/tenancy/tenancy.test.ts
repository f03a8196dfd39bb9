import { acrossOrganizations, withinOrganization } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Founded,
  type OrganizationUnderTest,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';

const TABLES = ['workspaces', 'roles', 'memberships', 'workspace_members', 'role_assignments', 'invitations'];

let service: OrganizationUnderTest;
let acme: Founded;
let other: Founded;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
  const ada = await service.person('Ada');
  const invitations = [{ email: 'guest@example.com' }];
  acme = await service.found(ada, 'Acme', { invitations });
  other = await service.found(await service.person('Bob'), 'Other', { invitations });
});
afterAll(async () => await service?.stop());

const inTransaction = <Result>(work: (db: Knex.Transaction) => Promise<Result>) =>
  service.resources.knex.transaction(work);

describe('a forgotten where', () => {
  it.each(TABLES)('returns nothing of a neighbour from %s', async table => {
    const seen = await inTransaction(async db => {
      await withinOrganization(db, acme.id);
      return await db(table).distinct('organization_id').pluck('organization_id');
    });
    expect(seen).toEqual([acme.id]);
  });

  it('returns one organization, and none where the transaction is bound to none', async () => {
    expect(
      await inTransaction(async db => {
        await withinOrganization(db, acme.id);
        return await db('organizations').pluck('id');
      }),
    ).toEqual([acme.id]);
    for (const table of ['organizations', ...TABLES])
      expect(await inTransaction(async db => await db(table).select('*'))).toEqual([]);
  });

  it.each(TABLES)('changes and deletes nothing of a neighbour in %s', async table => {
    const count = async () =>
      (await service.sql(`select count(*)::int as rows from organization.${table}`))[0]!.rows;
    const before = await count();
    await inTransaction(async db => {
      await withinOrganization(db, 999_999);
      expect(await db(table).delete()).toBe(0);
    });
    expect(await count()).toBe(before);
  });

  it('writes nothing into a neighbour', async () => {
    await expect(
      inTransaction(async db => {
        await withinOrganization(db, acme.id);
        await db('roles').insert({
          organization_id: other.id,
          name: 'Spy',
          name_key: 'spy',
          name_skeleton: 'spy',
          permissions: ['*'],
        });
      }),
    ).rejects.toThrow(/row-level security/);
  });

  it('cannot tie a row to another organization’s role even across organizations', async () => {
    await expect(
      inTransaction(async db => {
        await acrossOrganizations(db);
        await db('role_assignments').insert({
          organization_id: acme.id,
          user_id: acme.administrator.userId,
          role_id: other.roles.Admin,
        });
      }),
    ).rejects.toThrow(/foreign key/);
  });

  it('leaves no table that names an organization without row-level security', async () => {
    const open = await service.sql(
      `select distinct c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid
       where c.relnamespace = 'organization'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
         and a.attname = 'organization_id' and not (c.relrowsecurity and c.relforcerowsecurity)`,
    );
    expect(open).toEqual([]);
  });
});
