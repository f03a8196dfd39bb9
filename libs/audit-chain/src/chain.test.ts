import { emit } from '@rivergate/events';
import { exampleActor, itemChanged } from '@rivergate/events/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rootHash } from './follow.ts';
import { chainedDatabase } from './testing/chained-database.ts';

let database: Awaited<ReturnType<typeof chainedDatabase>>;
beforeAll(async () => {
  database = await chainedDatabase();
});
afterAll(() => database?.drop());

let last = 100;
/** An organization of its own with so many entries. */
async function organizationWith(entries: number): Promise<number> {
  const id = ++last;
  await database.fill(id, entries);
  return id;
}
/** Integers of 64 bits are text to pg, or numbers where another test of the process has said so. */
async function headOf(id: number) {
  const [head] = await database.admin('select * from inventory.audit_heads where organization_id = $1', [id]);
  return { ...head!, sequence: Number(head!.sequence) };
}

describe('the chain', () => {
  it('links entries without a gap, whoever writes at once, and its head is that of the last', async () => {
    const id = await organizationWith(30);
    const { fault, state } = await database.followed(id);
    expect([fault, state.sequence]).toEqual([undefined, 30]);
    const head = await headOf(id);
    expect(head).toMatchObject({ sequence: 30, hash: Buffer.from(state.hash, 'hex'), peaks: state.peaks });
    const entries = await database.entries(id);
    expect(entries.map(entry => Number(entry.id))).toEqual(
      entries.map(entry => Number(entry.id)).toSorted((a, b) => a - b),
    );
  });

  it('takes as much for each of thousands of entries in one transaction as for each of a few', async () => {
    /** Pages that PostgreSQL looks at for each entry: what it does, however busy the machine is. */
    const pagesAnEntry = async (id: number, entries: number) => {
      const [{ 'QUERY PLAN': plan }] = (await database.admin(
        `explain (analyze, buffers, format json) insert into inventory.audit_log
           (event_id, action, organization_id, actor, subject) select gen_random_uuid(), 'a', $1::bigint, 'b', 'c'
           from generate_series(1, $2::int)`,
        [id, entries],
      )) as unknown as [{ 'QUERY PLAN': [{ Plan: Record<string, number> }] }];
      const { 'Shared Hit Blocks': hit, 'Shared Read Blocks': read } = plan[0].Plan;
      return (hit! + read!) / entries;
    };
    const [few, many] = [await organizationWith(1), await organizationWith(1)];
    const [ofFew, ofMany] = [await pagesAnEntry(few, 300), await pagesAnEntry(many, 3_000)];
    expect(ofMany / ofFew).toBeLessThan(1.5);
    for (const [id, sequence] of [
      [few, 301],
      [many, 3_001],
    ] as const)
      expect(await database.followed(id)).toMatchObject({ fault: undefined, state: { sequence } });
  });

  it('has one head, whoever begins it at once, and goes on after many entries that were rolled back', async () => {
    const id = ++last;
    const write = (entries: number, fails = false) =>
      database.knex.transaction(async trx => {
        for (let quantity = 0; quantity < entries; quantity++)
          await emit(trx, itemChanged, {
            aggregateId: 12,
            organizationId: id,
            actor: exampleActor,
            data: { item_id: 12, quantity },
          });
        if (fails) throw new Error('no');
      });
    await Promise.allSettled([write(4), write(40, true), write(4), write(40, true), write(4), write(4)]);
    await write(1);
    const heads = await database.admin(
      'select sequence from inventory.audit_heads where organization_id = $1',
      [id],
    );
    expect(heads.map(({ sequence }) => Number(sequence))).toEqual([17]);
    expect(await database.followed(id)).toMatchObject({ fault: undefined, state: { sequence: 17 } });
  });

  it('binds who acted in the name of the actor, where somebody did', async () => {
    const id = await organizationWith(1);
    await database.fill(id, 1, { ...exampleActor, userId: 7, impersonatorId: 9 });
    expect((await database.followed(id)).fault).toBeUndefined();
    const impersonators = (await database.entries(id)).map(one => one.impersonator_user_id);
    expect(impersonators.map(one => one && Number(one))).toEqual([null, 9]);
    for (const [sequence, other] of [
      [1, '9'],
      [2, 'null'],
      [2, '8'],
    ] as const) {
      const place = `where organization_id = ${id} and sequence = ${sequence}`;
      const was = sequence === 1 ? 'null' : '9';
      await database.tamper(`update inventory.audit_log set impersonator_user_id = ${other} ${place}`);
      expect((await database.followed(id)).fault).toBe(`${sequence} says something else than was written`);
      await database.tamper(`update inventory.audit_log set impersonator_user_id = ${was} ${place}`);
    }
  });

  it('has no gap where a transaction was rolled back', async () => {
    const id = await organizationWith(2);
    const undone = database.knex.transaction(async trx => {
      const emission = {
        aggregateId: 1,
        organizationId: id,
        actor: exampleActor,
        data: { item_id: 1, quantity: 1 },
      };
      await emit(trx, itemChanged, emission);
      throw new Error('no');
    });
    await expect(undone).rejects.toThrow('no');
    await database.fill(id, 2);
    expect(await database.followed(id)).toMatchObject({ fault: undefined, state: { sequence: 4 } });
  });

  it('takes nothing that the writer says of it', async () => {
    const id = await organizationWith(1);
    await database.knex.raw(
      `insert into audit_log (action, organization_id, actor, subject, sequence, recorded_at, origin_hash, previous_hash, hash,
         nodes, origin_salt) values ('a', ?, 'b', 'c', 7, '2000-01-01', '\\x00', '\\x00', '\\x00', '{}', null)`,
      [id],
    );
    const [, forged] = await database.entries(id);
    expect(Number(forged!.sequence)).toBe(2);
    expect(Date.now() - forged!.recorded_at.getTime()).toBeLessThan(60_000);
    expect((await database.followed(id)).fault).toBeUndefined();
  });

  it('keeps an event once, however often and late it comes', async () => {
    const id = await organizationWith(2);
    const again = `insert into audit_log (event_id, action, organization_id, actor, subject, created_at)
      select event_id, action, organization_id, actor, subject, created_at from audit_log where organization_id = ? limit 1`;
    await database.knex.transaction(async trx => {
      await trx.raw(`select set_config('rivergate.scope', 'platform', true)`);
      await trx.raw(again, [id]);
    });
    expect(await database.followed(id)).toMatchObject({ fault: undefined, state: { sequence: 2 } });
  });

  it('takes events that come late, in the month in which they happened', async () => {
    const id = await organizationWith(2);
    for (const time of ['2019-05-05T10:00:00.123Z', '2999-01-01T00:00:00Z'])
      await database.knex.raw(
        `insert into audit_log (event_id, action, organization_id, actor, subject, created_at)
         values (gen_random_uuid(), 'a', ?, 'b', 'c', ?)`,
        [id, time],
      );
    await database.fill(id, 1);
    expect(await database.followed(id)).toMatchObject({ fault: undefined, state: { sequence: 5 } });
  });

  it('begins in no transaction that could not see another beginning', async () => {
    const write = database.knex.transaction(
      trx =>
        trx.raw("insert into audit_log (action, organization_id, actor, subject) values ('a', ?, 'b', 'c')", [
          ++last,
        ]),
      { isolationLevel: 'repeatable read' },
    );
    await expect(write).rejects.toThrow('read committed');
  });

  it('chains what belongs to no organization as well', async () => {
    await database.knex.raw("insert into audit_log (action, actor, subject) values ('a', 'b', 'c')");
    expect(await headOf(0)).toMatchObject({ sequence: 1 });
  });
});

describe('what was changed behind its back', () => {
  const tampering = [
    {
      what: 'an action',
      sql: "update inventory.audit_log set action = 'other' where $5",
      says: '5 says something else',
    },
    {
      what: 'who did it',
      sql: "update inventory.audit_log set actor = '8', actor_user_id = 8 where $5",
      says: '5 says something else',
    },
    {
      what: 'when',
      sql: "update inventory.audit_log set created_at = created_at + interval '1 ms' where $5",
      says: '5 says something else',
    },
    {
      what: 'when it was recorded',
      sql: "update inventory.audit_log set recorded_at = recorded_at - interval '1 ms' where $5",
      says: '5 says something else',
    },
    {
      what: 'the address',
      sql: "update inventory.audit_log set ip_address = '203.0.113.1' where $5",
      says: '5 says another address',
    },
    {
      what: 'the user agent',
      sql: 'update inventory.audit_log set user_agent = null where $5',
      says: '5 says another address',
    },
    {
      what: 'the request',
      sql: "update inventory.audit_log set request_id = 'r' where $5",
      says: '5 says something else',
    },
    {
      what: 'one value of the data',
      sql: `update inventory.audit_log set metadata = jsonb_set(metadata, '{quantity}', '99') where $5`,
      says: '5 says something else',
    },
    {
      what: 'personal data that was not there',
      sql: `update inventory.audit_log set personal = '{"email":"a@b.example"}' where $5`,
      says: '5 holds personal data',
    },
    {
      what: 'an entry that was removed',
      sql: 'delete from inventory.audit_log where $5',
      says: '6 comes where entry 5 is missing',
    },
    {
      what: 'the first entry that was removed',
      sql: 'delete from inventory.audit_log where $1',
      says: '2 comes where entry 1 is missing',
    },
    {
      what: 'an entry that was inserted',
      sql: `insert into inventory.audit_log (action, organization_id, actor, subject, sequence,
        recorded_at, origin_hash, previous_hash, hash, nodes) select 'x', organization_id, actor, subject, 5, recorded_at,
        origin_hash, previous_hash, hash, nodes from inventory.audit_log where $5`,
      says: '5 has number 5, which was before it already',
    },
    {
      what: 'two entries that changed places',
      sql: `update inventory.audit_log set sequence = 11 - sequence where $5; update
        inventory.audit_log set sequence = 11 - sequence where $6x`,
      says: '5 says something else',
    },
    {
      what: 'an entry and its hash',
      sql: `update inventory.audit_log set action = 'other', hash = sha256('other') where $5`,
      says: '5 says something else',
    },
    {
      what: 'what stands beside it for proofs',
      sql: `update inventory.audit_log set nodes = '{}' where $4`,
      says: '4 has nodes of another tree',
    },
  ];
  it.each(tampering)('shows: $what', async ({ sql, says }) => {
    const id = await organizationWith(10);
    const statement = sql
      .replaceAll(
        '$6x',
        `organization_id = ${id} and sequence = 6 and id = (select max(id) from inventory.audit_log where organization_id = ${id} and sequence = 6)`,
      )
      .replaceAll(/\$(\d)/g, (_, sequence) => `organization_id = ${id} and sequence = ${sequence}`);
    await database.tamper(statement);
    expect((await database.followed(id)).fault).toContain(says);
  });

  it('shows by the head: entries that were cut off at the end', async () => {
    const id = await organizationWith(10);
    await database.tamper(`delete from inventory.audit_log where organization_id = ${id} and sequence > 8`);
    const { fault, state } = await database.followed(id);
    expect([fault, state.sequence, (await headOf(id)).sequence]).toEqual([undefined, 8, 10]);
  });

  it('does not show where the whole chain was made anew, but to who kept an earlier head', async () => {
    const id = await organizationWith(10);
    const kept = rootHash((await database.followed(id)).state);
    await database.tamper(`delete from inventory.audit_log where organization_id = ${id};
      delete from inventory.audit_heads where organization_id = ${id}`);
    await database.fill(id, 10);
    const { fault, state } = await database.followed(id);
    expect(fault).toBeUndefined();
    expect(rootHash(state)).not.toBe(kept);
  });
});

describe('the writer', () => {
  it.each([
    'update audit_log set actor = $$someone else$$',
    'delete from audit_log',
    'truncate audit_log',
    'alter table audit_log disable trigger all',
    'drop table audit_log_elsewhen',
    'delete from audit_log_elsewhen',
    'select * from audit_log_elsewhen',
    'update audit_heads set sequence = 0',
    'delete from audit_heads',
    'insert into audit_heads (organization_id) values (5000)',
    'drop function chain_audit_entry cascade',
    'create or replace function canonical_json(value jsonb) returns text language sql as $$ select $q$x$q$ $$',
    "select make_audit_partition('2001-01-01')",
    "select remove_audit_entries(1, now() - interval '29 days', 100)",
    'set session_replication_role = replica',
    'set role rivergate_audit_owner',
  ])('cannot: %s', async statement => {
    await organizationWith(1);
    const change = database.knex.transaction(async trx => {
      await trx.raw(`select set_config('rivergate.scope', 'platform', true)`);
      await trx.raw(statement);
    });
    await expect(change).rejects.toThrow(/permission denied|must be owner|kept for 30 days/);
  });

  it('and a superuser by accident, cannot change or delete', async () => {
    for (const statement of ["update inventory.audit_log set actor = 'x'", 'delete from inventory.audit_log'])
      await expect(database.admin(statement)).rejects.toThrow('append-only');
  });

  it('sees the heads of its organization only', async () => {
    const id = await organizationWith(1);
    const seen = await database.knex.transaction(async trx => {
      await trx.raw(`select set_config('rivergate.organization_id', ?, true)`, [String(id)]);
      return trx('audit_heads').pluck('organization_id');
    });
    expect(seen.map(Number)).toEqual([id]);
  });
});
