import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { coverage } from '../src/coverage/table.ts';
import { definitions } from '../src/services.ts';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { fill, operationsOf } from './operation.ts';

let fleet: AcceptanceFleet;
beforeAll(async () => {
  fleet = await startFleet();
});
afterAll(() => fleet?.stop());

describe('the API document', () => {
  it('is OpenAPI 3.1 and lists what every service has', async () => {
    const { body } = await fleet.caller().get('/api/v1/openapi.json');
    expect(body.openapi).toMatch(/^3\.1\./);
    const tags = body.tags.map((tag: { name: string }) => tag.name);
    const declared = definitions.flatMap(({ modules }) => modules.flatMap(({ tag }) => tag ?? []));
    expect(tags.toSorted()).toEqual([...new Set(declared)].toSorted());
    expect(new Set(operationIds(body.paths)).size).toBe(operationIds(body.paths).length);
  });

  it('holds every public declaration, and the gateway reaches each at the endpoint that declares it', async () => {
    const operations = await operationsOf(fleet);
    const rows = coverage();
    const declared = rows.filter(row => row.declared);
    expect(declared.length).toBeGreaterThan(38);
    expect(
      declared.filter(row => !row.internal && !row.routed).map(row => `${row.method} ${row.path}`),
    ).toEqual([]);
    for (const { name, method, path } of operations) {
      const { status, body } = await fleet.caller()[method as 'get'](fill(path));
      expect(
        [404, 405].includes(status) && ['NOT_FOUND', 'METHOD_NOT_ALLOWED'].includes(body?.error?.code),
        name,
      ).toBe(false);
    }
  });

  it('says nothing of what is internal, and the gateway does not route it', async () => {
    const { body } = await fleet.caller().get('/api/v1/openapi.json');
    expect(Object.keys(body.paths).filter(path => path.includes('internal'))).toEqual([]);
    for (const path of [
      '/internal/manifest',
      '/internal/sessions/1',
      '/api/v1/internal/sessions/1',
      '/api/v1/../../internal/manifest',
      '/api/v1/..%2f..%2finternal/manifest',
      '//internal/manifest',
    ]) {
      expect([400, 404], path).toContain((await fleet.caller().get(path)).status);
    }
  });
});

describe('readiness', () => {
  it('is 200 only when every service is ready', async () => {
    expect((await fleet.caller().get('/ready')).status).toBe(200);
  });
});

function operationIds(paths: Record<string, Record<string, { operationId: string }>>): string[] {
  return Object.values(paths).flatMap(methods =>
    Object.values(methods).map(({ operationId }) => operationId),
  );
}
