import { nobody, type ServiceUnderTest, startServiceUnderTest } from '@rivergate/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { storage } from './service.ts';

let service: ServiceUnderTest;
beforeAll(async () => {
  service = await startServiceUnderTest(storage);
});
afterAll(async () => await service?.stop());

it('boots on a schema of its own, healthy and ready', async () => {
  const caller = service.as(nobody());
  expect((await caller.get('/health')).body).toMatchObject({ status: 'ok', service: 'storage' });
  expect((await caller.get('/ready')).body).toMatchObject({ status: 'ready' });
  const { rows } = await service.resources.knex.raw('select current_user, current_schema()');
  expect(Object.values(rows[0])).toEqual(['rivergate_storage', 'storage']);
});
