import { emit, event } from '@rivergate/events';
import { exampleActor, itemChanged } from '@rivergate/events/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { follow } from './follow.ts';
import { storedEntry, storedNodes } from './stored-entry.ts';
import { chainedDatabase } from './testing/chained-database.ts';

const invited = event({
  type: 'inventory.guest.invited',
  version: 1,
  audit: 'invitation.sent',
  summary: 'Somebody was invited',
  data: z.object({ guest_id: z.number(), email: z.string() }),
  personal: ['email'],
});

let database: Awaited<ReturnType<typeof chainedDatabase>>;
beforeAll(async () => {
  database = await chainedDatabase(async ({ admin }) => {
    await admin(`insert into inventory.audit_log (action, organization_id, actor, actor_user_id, subject, ip_address, metadata, created_at)
      select case n % 3 when 0 then 'invitation.sent' else 'item.changed' end, nullif(n % 4, 0), '7', 7, n::text, '192.0.2.1',
        jsonb_build_object('email', 'guest' || n || '@example.com', 'n', n), now() - (200 - n) * interval '1 day'
      from generate_series(1, 120) n`);
  });
});
afterAll(() => database?.drop());

const invite = (organizationId: number, email: string, userId = 7) =>
  database.knex.transaction(trx =>
    emit(trx, invited, {
      aggregateId: 1,
      organizationId,
      actor: { ...exampleActor, userId },
      data: { guest_id: 1, email },
    }),
  );
const call = (sql: string, values: unknown[]) =>
  database.knex.transaction(
    async trx => (await trx.raw(sql, values as string[])).rows[0] as Record<string, string>,
  );

describe('a log that was there before', () => {
  it('is chained in its order, with what is personal apart, and goes on', async () => {
    for (const id of [1, 2, 3]) {
      const entries = await database.entries(id);
      expect(entries.map(entry => Number(entry.subject)).toSorted((a, b) => a - b)).toEqual(
        entries.map(entry => Number(entry.subject)),
      );
      await database.fill(id, 3);
      expect(await database.followed(id)).toMatchObject({ fault: undefined, state: { sequence: 33 } });
    }
    const [old] = (await database.entries(2)).filter(entry => entry.action === 'invitation.sent');
    expect([old!.metadata, old!.personal]).toEqual([{ n: 6 }, { email: 'guest6@example.com' }]);
    expect(storedEntry(old!).metadata).toEqual({ n: 6, email: 'guest6@example.com' });
  });

  it('goes on where heads were kept by their organization alone, as they were before', async () => {
    const key = async () =>
      (
        await database.admin(
          "select pg_get_constraintdef(oid) as key from pg_constraint where conname = 'audit_heads_pkey'",
        )
      )[0]!.key;
    await database.fill(40, 3);
    await database.admin(`alter table inventory.audit_heads drop constraint audit_heads_pkey,
      add primary key (organization_id), set (fillfactor = 50)`);
    await database.chain();
    expect(await key()).toBe('PRIMARY KEY (organization_id, sequence)');
    await database.fill(40, 3);
    expect(await database.followed(40)).toMatchObject({ fault: undefined, state: { sequence: 6 } });
  });

  it('is what it is when the database is provisioned again', async () => {
    const before = await database.entries(1);
    await database.chain();
    expect(await database.entries(1)).toEqual(before);
  });
});

describe('erasure of a person', () => {
  it('takes away from where they acted and what is said of them, and the chain still holds', async () => {
    await invite(20, 'guest@example.com');
    await invite(20, 'other@example.com', 8);
    await database.fill(20, 1, { ...exampleActor, userId: 9 });
    const [{ erased } = {}] = [
      await call('select erase_audited_person(7, ?) as erased', [['other@example.com']]),
    ];
    expect(Number(erased)).toBeGreaterThan(1);
    const [own, ofOther, unconcerned] = (await database.entries(20)).map(storedEntry);
    expect(own).toMatchObject({
      ip_address: null,
      user_agent: null,
      actor_user_id: 7,
      metadata: { email: 'guest@example.com' },
    });
    expect(ofOther).toMatchObject({ ip_address: '192.0.2.1', metadata: { guest_id: 1 } });
    expect(ofOther!.metadata).not.toHaveProperty('email');
    expect(unconcerned).toMatchObject({ ip_address: '192.0.2.1' });
    expect((await database.followed(20)).fault).toBeUndefined();
    const raw = JSON.stringify(
      await database.admin('select * from inventory.audit_log where organization_id = 20'),
    );
    expect(raw).not.toContain('other@example.com');
    expect([own!.chain.origin_salt, ofOther!.chain.personal_salt]).toEqual([null, null]);
  });

  it('cannot be undone by putting something else there', async () => {
    await invite(21, 'guest@example.com');
    await call('select erase_audited_person(7, ?)', [['guest@example.com']]);
    await database.tamper(
      "update inventory.audit_log set ip_address = '203.0.113.1' where organization_id = 21",
    );
    expect((await database.followed(21)).fault).toContain('which was erased');
  });
});

describe('retention', () => {
  /** An entry that happened so many days ago. */
  const happened = (organizationId: number, days: number) =>
    database.knex.raw(
      `insert into audit_log (action, organization_id, actor, subject, created_at) values ('a', ?, 'b', 'c', now() - ? * interval '1 day')`,
      [organizationId, days],
    );
  const remove = async (id: number, days: number, most = 1000) =>
    (
      await call(`select remove_audit_entries(?, now() - ? * interval '1 day', ?) as removed`, [
        id,
        days,
        most,
      ])
    ).removed;

  it('removes the oldest, a batch at a time, and the chain goes on where it was cut', async () => {
    for (const days of [100, 90, 80, 70, 60, 50, 5, 4]) await happened(30, days);
    const whole = (await database.followed(30)).state;
    expect(await remove(30, 55, 3)).toBe(3);
    expect(await remove(30, 55, 3)).toBe(2);
    expect(await remove(30, 55, 3)).toBe(0);
    const [head] = await database.admin('select * from inventory.audit_heads where organization_id = 30');
    const state = {
      sequence: Number(head!.start_sequence),
      hash: (head!.start_hash as Buffer).toString('hex'),
      peaks: head!.start_peaks as Buffer[],
    };
    const left = await database.entries(30);
    expect(left.map(entry => Number(entry.sequence))).toEqual([6, 7, 8]);
    for (const row of left) expect(follow(state, storedEntry(row), storedNodes(row))).toBeUndefined();
    expect(state).toEqual(whole);
  });

  it('leaves what came late until what was before it may go, and stops where something is missing', async () => {
    for (const days of [100, 3, 90]) await happened(31, days);
    expect(await remove(31, 40)).toBe(1);
    for (const days of [100, 90, 80]) await happened(32, days);
    await database.tamper('delete from inventory.audit_log where organization_id = 32 and sequence = 2');
    expect(await remove(32, 40)).toBe(1);
    expect((await database.entries(32)).map(entry => Number(entry.sequence))).toEqual([3]);
  });
});

describe('partitions', () => {
  const partitions = async () =>
    (
      await database.admin(
        `select c.relname from pg_inherits join pg_class c on c.oid = inhrelid where inhparent = 'inventory.audit_log'::regclass order by 1`,
      )
    ).map(({ relname }) => relname as string);
  const nameOf = (months: number) => {
    const now = new Date();
    const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months, 1));
    return `audit_log_${month.toISOString().slice(0, 7).replace('-', '_')}`;
  };

  it('are there for this month and the next three; those that are empty and past are dropped', async () => {
    expect(await partitions()).toEqual(expect.arrayContaining([0, 1, 2, 3].map(nameOf)));
    expect(await partitions()).toContain(nameOf(-4));
    await call(
      `select remove_audit_entries(n, now() - interval '35 days', 1000) from generate_series(0, 40) n`,
      [],
    );
    await database.tamper("delete from inventory.audit_log where created_at < now() - interval '35 days'");
    await call('select keep_audit_partitions()', []);
    expect(await partitions()).not.toContain(nameOf(-4));
    expect(await partitions()).toContain(nameOf(0));
  });

  it('take what came before they were there', async () => {
    await database.admin(`drop table inventory.${nameOf(3)}`);
    const time = new Date();
    time.setUTCMonth(time.getUTCMonth() + 3, 2);
    await database.knex.raw(
      "insert into audit_log (action, organization_id, actor, subject, created_at) values ('a', 50, 'b', 'c', ?)",
      [time.toISOString()],
    );
    await call('select keep_audit_partitions()', []);
    expect(
      await database.admin(`select 1 from inventory.${nameOf(3)} where organization_id = 50`),
    ).toHaveLength(1);
    expect((await database.followed(50)).fault).toBeUndefined();
  });

  it('are passed over where a filter by time excludes them', async () => {
    const [plan] = await database.admin(`explain (format json) select * from inventory.audit_log
      where organization_id = 1 and created_at >= date_trunc('month', now() at time zone 'UTC') at time zone 'UTC' order by id desc limit 100`);
    const text = JSON.stringify(plan);
    expect(text).toContain(nameOf(0));
    expect(text).not.toContain(nameOf(-1));
  });
});

it('no role but the owner of audit logs has a right on a partition', async () => {
  const rows = await database.admin(
    `select c.relname, c.relacl from pg_inherits join pg_class c on c.oid = inhrelid
     where inhparent = 'inventory.audit_log'::regclass and (relacl is not null or relowner <> 'rivergate_audit_owner'::regrole)`,
  );
  expect(rows).toEqual([]);
  expect(itemChanged.personal).toBeUndefined();
});
