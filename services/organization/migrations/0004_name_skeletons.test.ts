import { acrossOrganizations } from '@rivergate/endpoint';
import { connectDatabase, migrate } from '@rivergate/service';
import { type TestEnvironment, testEnvironment } from '@rivergate/testing';
import type { Knex } from 'knex';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { organizations } from './0001_organizations.ts';
import { nameSkeletons } from './0004_name_skeletons.ts';

let environment: TestEnvironment;
let knex: Knex;
beforeAll(async () => {
  environment = await testEnvironment();
  knex = connectDatabase(environment.of('organization').DATABASE_URL!, 'migration test', 2);
  await migrate(knex, [organizations]);
});
afterAll(async () => {
  await knex?.destroy();
  await environment?.remove();
});

const across = <Result>(work: (db: Knex.Transaction) => Promise<Result>) =>
  knex.transaction(async db => {
    await acrossOrganizations(db);
    return await work(db);
  });

it('gives look-alikes that are there already a key of their own, the older one keeping the plain key', async () => {
  const names = ['Acme', 'Аcme', 'A\u200bcme', 'Вank', 'Bank', 'Other'];
  await across(async db => {
    for (const [index, name] of names.entries()) {
      const key = name.toLowerCase();
      const organization = { id: index + 1, name, name_key: key, plan: 'enterprise', created_by: 1 };
      await db('organizations').insert(organization);
      const role = { organization_id: index + 1, permissions: [] };
      await db('roles').insert([
        { ...role, name: 'Аuditor', name_key: 'аuditor' },
        { ...role, name: 'Auditor', name_key: 'auditor' },
      ]);
    }
  });
  expect(await migrate(knex, [organizations, nameSkeletons])).toEqual(['0004_name_skeletons']);
  const rows = await across(db =>
    db('organizations').orderBy('id').select('name', 'name_key', 'name_skeleton'),
  );
  expect(rows).toEqual([
    { name: 'Acme', name_key: 'acrne', name_skeleton: 'acrne' },
    { name: 'Аcme', name_key: 'acrne\n2', name_skeleton: 'acrne\n2' },
    { name: 'A\u200bcme', name_key: 'acrne\n3', name_skeleton: 'acrne\n3' },
    { name: 'Вank', name_key: 'ʙank', name_skeleton: 'bank' },
    { name: 'Bank', name_key: 'bank', name_skeleton: 'bank\n5' },
    { name: 'Other', name_key: 'other', name_skeleton: 'other' },
  ]);
  const roles = await across(db => db('roles').orderBy('id').pluck('name_key'));
  expect(roles.slice(0, 4)).toEqual(['auditor', 'auditor\n2', 'auditor', 'auditor\n4']);
  await expect(
    across(async db => {
      const organization = { name: 'ACME', name_key: 'acrne', name_skeleton: 'x' };
      await db('organizations').insert({ ...organization, id: 99, plan: 'enterprise', created_by: 1 });
    }),
  ).rejects.toThrow(/unique/);
});
