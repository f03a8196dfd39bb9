import { expect, it } from 'vitest';
import { masked } from './masked.ts';

const SECRET = 'Correct1horse';
const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';

it.each([
  { password: SECRET },
  { PassWord: SECRET },
  { [`${CORE}:password`]: SECRET },
  { Operations: [{ op: 'replace', path: 'password', value: SECRET }] },
  { operations: [{ Op: 'replace', Path: `${CORE}:Password`, Value: SECRET }] },
  { Operations: [{ op: 'replace', value: { password: SECRET } }] },
  { Operations: [{ op: 'add', path: 'password', value: [{ value: SECRET }] }] },
  { Operations: [{ method: 'POST', data: { password: { value: SECRET } } }] },
])('keeps no password of %j', body => {
  expect(JSON.stringify(masked(body))).not.toContain(SECRET);
});

it('keeps what is short as it is, and of the rest the beginning', () => {
  const body = {
    userName: 'ada@example.com',
    active: false,
    emails: [{ value: 'a', primary: true }],
    name: null,
  };
  expect(masked(body)).toEqual(body);
  const long = masked({ title: 'x'.repeat(10_000), members: Array(10_000).fill({ value: '1' }) });
  expect(JSON.stringify(long).length).toBeLessThan(1_500);
  let deep: unknown = 'end';
  for (let level = 0; level < 60; level++) deep = { level: deep };
  expect(JSON.stringify(masked(deep)).length).toBeLessThan(150);
});
