import { PERMISSIONS } from '@rivergate/caller';
import { endpointsByTag } from '@rivergate/service';
import { describe, expect, it } from 'vitest';
import { definitions } from '../services.ts';

/** Codes that nothing asks for yet, and the issue of the catalogue's module that will. */
const AWAITED: Record<string, string> = {
  'data_source.read': 'data sources',
  'data_source.write': 'data sources',
  'data_source.delete': 'data sources',
  'storage.read': 'storage',
  'storage.write': 'storage',
  'policy.read': 'policies',
  'policy.write': 'policies',
  'prompt.read': 'prompts',
  'prompt.write': 'prompts',
  'prompt.execute': 'prompts',
  'query.execute': 'query execution',
  'model.read': 'the model registry',
  'model.write': 'the model registry',
  'staging.read': 'staging',
  'staging.write': 'staging',
};

/** Asked where the statement that lists them decides which ones are seen. */
const ASKED_BY_LISTS = ['workspace.read'];

const asked = new Set([
  ...ASKED_BY_LISTS,
  ...definitions
    .flatMap(definition => Object.values(endpointsByTag(definition)).flat())
    .flatMap(({ spec }) => [spec.caller, spec.onBehalfOf])
    .filter(rule => rule?.startsWith('perm:'))
    .map(rule => rule!.slice('perm:'.length)),
]);

describe('the permission catalogue', () => {
  it.each(PERMISSIONS.map(({ code }) => code))(
    '%s is asked by an endpoint, or waits for what is named',
    code => {
      expect(asked.has(code)).toBe(AWAITED[code] === undefined);
    },
  );

  it('has no code twice, and describes each', () => {
    expect(new Set(PERMISSIONS.map(({ description }) => description)).size).toBe(PERMISSIONS.length);
    for (const { code, description } of PERMISSIONS) {
      expect(code).toMatch(/^[a-z_]+\.[a-z_]+$/);
      expect(description.length).toBeGreaterThan(5);
    }
  });
});
