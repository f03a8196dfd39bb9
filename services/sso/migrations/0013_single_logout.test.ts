import { acrossOrganizations } from '@rivergate/endpoint';
import { connectDatabase, migrate } from '@rivergate/service';
import { type TestEnvironment, testEnvironment } from '@rivergate/testing';
import type { Knex } from 'knex';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { providerTables } from './0004_providers.ts';
import { signInTables } from './0005_sign_ins.ts';
import { singleLogout } from './0013_single_logout.ts';

let environment: TestEnvironment;
let knex: Knex;
beforeAll(async () => {
  environment = await testEnvironment();
  knex = connectDatabase(environment.of('sso').DATABASE_URL!, 'migration test', 2);
  await migrate(knex, [providerTables, signInTables]);
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

it('leaves the providers that are there without an address for logouts, and their attempts sign-ins', async () => {
  const facts = { organization_id: 7, name: 'x', attribute_mapping: '{}', domains: [], created_by: 1 };
  const saml = { ...facts, provider_type: 'saml', entity_id: 'urn:x', sso_url: 'https://idp.example' };
  const oidc = { ...facts, provider_type: 'oidc', issuer: 'https://login.example', client_id: 'x' };
  for (const provider of [saml, oidc]) await across(db => db('providers').insert(provider));
  await across(db => db('attempts').insert({ organization_id: 7, provider_id: 1, begun_by: 'platform' }));
  await migrate(knex, [providerTables, signInTables, singleLogout]);
  const rows = await across(db => db('providers').orderBy('id').select('slo_url', 'slo_binding'));
  expect(rows).toEqual([
    { slo_url: null, slo_binding: 'redirect' },
    { slo_url: null, slo_binding: null },
  ]);
  expect(await across(db => db('attempts').pluck('kind'))).toEqual(['sign_in']);
});
