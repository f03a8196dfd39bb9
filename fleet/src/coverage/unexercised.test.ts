import { templatePath } from '@rivergate/endpoint';
import { expect, it } from 'vitest';
import { definitions } from '../services.ts';
import { unexercised } from './unexercised.ts';

const lines = definitions
  .flatMap(({ modules }) => modules.flatMap(({ endpoints = [] }) => endpoints))
  .map(({ spec }) => `${spec.method.toUpperCase()} ${templatePath(spec)} ${spec.status ?? 200}`);

it('an endpoint that tests have only seen refuse, or not at all, is not exercised', () => {
  expect(unexercised(lines)).toEqual([]);
  const [first, second, ...others] = lines as [string, string, ...string[]];
  const refused = first.replace(/\d+$/, '422');
  const placeOf = (line: string) => line.replace(/ \d+$/, '');
  expect(unexercised([refused, ...others])).toEqual([placeOf(first), placeOf(second)]);
});
