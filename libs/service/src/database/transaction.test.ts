import { sendAhead, sendWithCommit } from '@rivergate/events';
import { type TestEnvironment, testEnvironment } from '@rivergate/testing';
import type { Knex } from 'knex';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { reading } from './client.ts';
import { connectDatabase } from './connect.ts';
import { listeningWay } from './testing/listening-way.ts';

let environment: TestEnvironment;
let way: Awaited<ReturnType<typeof listeningWay>>;
let knex: Knex;
beforeAll(async () => {
  environment = await testEnvironment();
  const url = new URL(environment.of('policy').DATABASE_URL!);
  way = await listeningWay(Number(url.port), url.hostname);
  url.port = String(way.port);
  knex = connectDatabase(url.href, 'policy', 4);
  await knex.schema.createTable('lines', table => {
    table.specificType('id', 'bigint generated always as identity primary key');
    table.text('text').notNullable();
  });
  // The statements are prepared on the one connection there is.
  for (let warm = 0; warm < 4; warm++) {
    await knex.transaction(async db => {
      await bind(db, 'warm');
      await insert(db, 'warm');
      await leave(db, 'warm');
      await leave(db, 'warm');
    });
  }
});
afterAll(async () => {
  await knex?.destroy();
  way?.server.close();
  await environment?.remove();
});
beforeEach(async () => {
  await knex('lines').delete();
  way.taken();
});

const insert = (db: Knex, text: string | null) => db.raw('insert into lines (text) values (?)', [text]);
/** Leaves it to the end of a transaction. */
const leave = (db: Knex.Transaction, text: string | null) => sendWithCommit(db, insert(db, text));
const bind = (db: Knex.Transaction, to: string) =>
  sendAhead(db, db.raw("select set_config('rivergate.scope', ?, true)", [to]));
const bound = async (db: Knex): Promise<string> =>
  (await db.raw("select coalesce(current_setting('rivergate.scope', true), '') as bound")).rows[0].bound;
const lines = () => knex('lines').orderBy('id').pluck('text');

describe('a transaction', () => {
  it('begins in one message with its first statement, and sends nothing where it has none', async () => {
    await knex.transaction(async db => insert(db, 'one'));
    expect(way.taken()).toBe('BEBDESQ');
    await knex.transaction(async () => {});
    await expect(knex.transaction(async () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(way.taken()).toBe('');
    expect(await lines()).toEqual(['one']);
  });

  it('ends in one message with all statements that are left to the end', async () => {
    await knex.transaction(async db => {
      await leave(db, 'last but one');
      await insert(db, 'first');
      await leave(db, 'last');
    });
    expect(way.taken()).toBe('BEBDESBEBDEPBES');
    await knex.transaction(async db => leave(db, 'alone'));
    expect(way.taken()).toBe('BDES');
    await knex.transaction(async db => {
      await leave(db, 'one');
      await leave(db, 'two');
    });
    expect(way.taken()).toBe('BEBDES');
    expect(await lines()).toEqual(['first', 'last but one', 'last', 'alone', 'one', 'two']);
  });

  it('binds in one message with the statement that follows, and sends no binding where none does', async () => {
    expect(
      await knex.transaction(async db => {
        await bind(db, 'one');
        await bind(db, 'two');
        await insert(db, 'bound');
        await bind(db, 'three');
        return bound(db);
      }),
    ).toBe('three');
    expect(way.taken()).toMatch(/^BEBEBEBDESBEP?BDES/);
    await knex.transaction(async db => bind(db, 'nothing'));
    await expect(
      knex.transaction(async db => {
        await bind(db, 'nothing');
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(way.taken()).toBe('');
    await knex.transaction(async db => {
      await bind(db, 'four');
      await leave(db, 'left');
    });
    expect(way.taken()).toBe('BEBDES');
    expect(await bound(knex)).toBe('');
  });

  it('is bound before a savepoint, and as before where that is rolled back', async () => {
    await knex.transaction(async db => {
      await bind(db, 'outside');
      await db.transaction(async nested => {
        expect(await bound(nested)).toBe('outside');
        await bind(nested, 'within');
        expect(await bound(nested)).toBe('within');
        await bind(nested, 'never sent');
        await nested.rollback();
      });
      expect(await bound(db)).toBe('outside');
      await db.transaction(async nested => bind(nested, 'kept'));
      expect(await bound(db)).toBe('kept');
    });
  });

  it('is bound before several statements at once', async () => {
    await knex.transaction(async db => {
      await bind(db, 'several');
      await db.raw(
        "insert into lines (text) values (current_setting('rivergate.scope')); insert into lines (text) values ('two')",
      );
    });
    expect(await lines()).toEqual(['several', 'two']);
  });

  it('rolls back where a binding fails, runs nothing after it, and leaves a connection that works', async () => {
    for (let time = 0; time < 3; time++) {
      await expect(
        knex.transaction(async db => {
          await sendAhead(db, db.raw('select 1 / ?::int', [0]));
          await insert(db, 'never');
        }),
      ).rejects.toMatchObject({ code: '22012' });
      await knex.transaction(async db => {
        await sendAhead(db, db.raw('select 1 / ?::int', [1]));
        await insert(db, 'after');
      });
    }
    expect(await lines()).toEqual(['after', 'after', 'after']);
  });

  it('refuses what cannot be written down, and leaves a connection that works', async () => {
    const itself: Record<string, unknown> = {};
    itself.again = itself;
    await expect(
      knex.transaction(async db => {
        await sendAhead(db, db.raw('select ?::jsonb', [itself as never]));
        await insert(db, 'never');
      }),
    ).rejects.toThrow();
    await knex.transaction(async db => insert(db, 'after'));
    expect(await lines()).toEqual(['after']);
  });

  it('commits also with a last statement that takes no parameters', async () => {
    await knex.transaction(async db => {
      await insert(db, 'first');
      await sendWithCommit(db, db.raw("insert into lines (text) values ('last')"));
    });
    expect(await lines()).toEqual(['first', 'last']);
  });

  it('is undone as a whole where a statement at its end fails, and leaves a connection that works', async () => {
    const failing = (before: string | null, ...end: (string | null)[]) =>
      knex.transaction(async db => {
        await insert(db, before);
        for (const text of end) await leave(db, text);
      });
    await expect(failing('undone', 'left', null)).rejects.toMatchObject({ code: '23502' });
    await expect(failing('undone', 'left', null, 'skipped')).rejects.toMatchObject({ code: '23502' });
    await expect(failing(null, 'unsent', 'unsent')).rejects.toMatchObject({ code: '23502' });
    await expect(
      knex.transaction(async db => {
        await leave(db, 'undone');
        await leave(db, null);
        await leave(db, 'skipped');
      }),
    ).rejects.toMatchObject({ code: '23502' });
    await expect(knex.transaction(async db => leave(db, null))).rejects.toMatchObject({ code: '23502' });
    await knex.transaction(async db => insert(db, 'after'));
    expect(await lines()).toEqual(['after']);
    const { rows } = await knex.raw('select pg_current_xact_id_if_assigned() is null as outside');
    expect(rows).toEqual([{ outside: true }]);
  });

  it('writes what was left to the end before a savepoint ahead of what is written in it', async () => {
    await knex.transaction(async db => {
      await leave(db, 'before');
      await db.transaction(async nested => insert(nested, 'within'));
      await db.transaction(async nested => insert(nested, 'taken back').then(() => nested.rollback()));
      await leave(db, 'after');
    });
    expect(await lines()).toEqual(['before', 'within', 'after']);
  });

  it('that is rolled back leaves out what was left to its end', async () => {
    await expect(
      knex.transaction(async db => {
        await insert(db, 'undone');
        await leave(db, 'never sent');
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await lines()).toEqual([]);
  });

  it('takes several statements at once and a savepoint as its first', async () => {
    await knex
      .transaction(async db => {
        await db.raw("insert into lines (text) values ('one'); insert into lines (text) values ('two')");
        throw new Error('no');
      })
      .catch(() => {});
    await knex.transaction(async db => {
      await db.transaction(async nested => insert(nested, 'within'));
    });
    expect(await lines()).toEqual(['within']);
  });
});

describe('reads on few connections', () => {
  const quick = () => reading(knex).raw('select 1 as one');
  const slow = () => reading(knex).raw('select pg_sleep(0.3)');

  it('do not wait for one that is known to be slow', async () => {
    for (let warm = 0; warm < 4; warm++) await Promise.all([quick(), slow()]);
    const order: string[] = [];
    const noted = (name: string, read: PromiseLike<unknown>) => read.then(() => order.push(name));
    await Promise.all([noted('slow', slow()), ...Array.from({ length: 20 }, () => noted('quick', quick()))]);
    expect(order.indexOf('slow')).toBe(20);
  });

  it('that fail fail alone', async () => {
    for (let warm = 0; warm < 4; warm++) await quick();
    const reads = Array.from({ length: 40 }, (_, index) =>
      index % 5 === 0 ? reading(knex).raw('select 1 / ?::int as one', [index % 2]) : quick(),
    );
    const settled = await Promise.allSettled(reads);
    expect(settled.map(({ status }) => status === 'fulfilled')).toEqual(
      settled.map((_, index) => index % 10 !== 0),
    );
  });
});
