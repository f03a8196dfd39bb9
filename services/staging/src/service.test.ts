import { nobody, type ServiceUnderTest, startServiceUnderTest } from '@rivergate/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { staging } from './service.ts';

let service: ServiceUnderTest;
beforeAll(async () => {
  service = await startServiceUnderTest(staging);
});
afterAll(async () => await service?.stop());

it('boots on a schema of its own, healthy and ready', async () => {
  const caller = service.as(nobody());
  expect((await caller.get('/health')).body).toMatchObject({ status: 'ok', service: 'staging' });
  expect((await caller.get('/ready')).body).toMatchObject({ status: 'ready' });
  const { rows } = await service.resources.knex.raw('select current_user, current_schema()');
  expect(Object.values(rows[0])).toEqual(['rivergate_staging', 'staging']);
});
