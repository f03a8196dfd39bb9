import { acrossOrganizations, withinOrganization } from '@rivergate/endpoint';
import { secretBox } from '@rivergate/secrets';
import { connectDatabase, migrate } from '@rivergate/service';
import { type TestEnvironment, testEnvironment } from '@rivergate/testing';
import type { Knex } from 'knex';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { keysOf } from '../src/provider-keys/key-store.ts';
import type { ProviderRow } from '../src/providers/provider-store.ts';
import { providerTables } from './0004_providers.ts';
import { providerKeys } from './0011_provider_keys.ts';
import { samlRequirements } from './0012_saml_requirements.ts';

let environment: TestEnvironment;
let knex: Knex;
beforeAll(async () => {
  environment = await testEnvironment();
  knex = connectDatabase(environment.of('sso').DATABASE_URL!, 'migration test', 2);
  await migrate(knex, [providerTables]);
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

it('asks nothing more of the providers that are there, and they get their key with the first who needs it', async () => {
  const facts = { organization_id: 7, name: 'x', attribute_mapping: '{}', domains: [], created_by: 1 };
  const saml = { ...facts, provider_type: 'saml', entity_id: 'urn:x', sso_url: 'https://idp.example' };
  const oidc = { ...facts, provider_type: 'oidc', issuer: 'https://login.example', client_id: 'x' };
  for (const provider of [saml, oidc]) await across(db => db('providers').insert(provider));
  await migrate(knex, [providerTables, providerKeys, samlRequirements]);
  const rows = await across<ProviderRow[]>(db => db('providers').orderBy('id').select('*'));
  expect(rows.map(row => [row.provider_type, row.sign_requests, row.encrypt_assertions])).toEqual([
    ['saml', false, 'off'],
    ['oidc', null, null],
  ]);
  const box = secretBox(Buffer.alloc(32).toString('base64'));
  const keys = (row: ProviderRow) =>
    knex.transaction(async db => {
      await withinOrganization(db, row.organization_id);
      return await keysOf(db, box, row);
    });
  const [first, second] = [await keys(rows[0]!), await keys(rows[0]!)];
  expect(first).toHaveLength(1);
  expect(second).toEqual(first);
  expect(await keys(rows[1]!)).toEqual([]);
});
