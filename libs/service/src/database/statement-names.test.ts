import { describe, expect, it } from 'vitest';
import { statementNames } from './statement-names.ts';

/** @returns the name after a text was seen often enough */
function nameAfter(nameOf: ReturnType<typeof statementNames>, text: string): string | undefined {
  nameOf(text);
  return nameOf(text);
}

describe('a statement', () => {
  it('is prepared when it comes again, and keeps its name', () => {
    const nameOf = statementNames();
    expect(nameOf('select 1')).toBeUndefined();
    expect(nameOf('select 1')).toMatch(/^rivergate_[0-9a-f]{32}$/);
    expect(nameOf('select 1')).toBe(nameOf('select 1'));
    expect(nameAfter(nameOf, 'select 2')).not.toBe(nameOf('select 1'));
  });

  it.each([
    'BEGIN;',
    'SAVEPOINT trx7;',
    'select 1; select 2',
    'select * from notes',
    'select "notes".* from notes',
    'select id, * from notes',
    'select distinct * from notes',
    'insert into notes default values returning *',
    'create table notes ()',
  ])('is not prepared where that is no use or would not last: %s', text => {
    expect(nameAfter(statementNames(), text)).toBeUndefined();
  });

  it.each([
    'select count(*) from notes',
    'select seconds * 2 from notes',
    'with found as (select 1) select 2',
  ])('is prepared: %s', text => {
    expect(nameAfter(statementNames(), text)).toBeDefined();
  });

  it('of varying length does not fill PostgreSQL, nor this process', () => {
    const nameOf = statementNames();
    const names = new Set<string | undefined>();
    for (let length = 1; length <= 3_000; length++)
      names.add(nameAfter(nameOf, `select 1 where 1 in (${Array(length).fill('?').join(', ')})`));
    expect(names.size).toBe(251);
  });
});
