import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emit } from './emit.ts';
import { type TestDatabase, testDatabase } from './testing/database.ts';
import { exampleActor, itemChanged } from './testing/inventory.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database?.drop());

const emitChange = (quantity = 3) =>
  database.knex.transaction(trx =>
    emit(trx, itemChanged, {
      aggregateId: 12,
      organizationId: 5,
      actor: exampleActor,
      data: { item_id: 12, quantity },
    }),
  );

describe('emit', () => {
  it('writes a CloudEvent into the outbox, under topic and key of the aggregate', async () => {
    const recorded = await emitChange();
    const row = await database.knex('outbox').orderBy('id', 'desc').first();
    expect(row).toMatchObject({ topic: 'rivergate.inventory.item', key: '12', event: recorded });
    expect(recorded).toEqual({
      specversion: '1.0',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      source: '/rivergate/inventory',
      type: 'inventory.item.changed',
      subject: '12',
      time: expect.stringMatching(/Z$/),
      datacontenttype: 'application/json',
      dataschema: 'urn:rivergate:event:inventory.item.changed:1',
      organizationid: '5',
      actor: '7',
      actorip: '192.0.2.1',
      actoragent: 'test',
      traceparent: exampleActor.traceparent,
      requestid: 'request-1',
      data: { item_id: 12, quantity: 3 },
    });
  });

  it('keeps control characters of a user agent out of the envelope', async () => {
    const actor = { ...exampleActor, userAgent: 'one\ttwo\u0085three' };
    const data = { item_id: 12, quantity: 1 };
    const recorded = await database.knex.transaction(trx =>
      emit(trx, itemChanged, { aggregateId: 12, actor, data }),
    );
    expect(recorded.actoragent).toBe('one two three');
  });

  it('writes the audit row in the same transaction', async () => {
    await emitChange();
    const [row] = await database.admin(
      `select *, organization_id::text as organization_id, actor_user_id::text as actor_user_id
       from inventory.audit_log order by id desc limit 1`,
    );
    expect(row).toMatchObject({
      action: 'item.changed',
      organization_id: '5',
      actor_user_id: '7',
      actor: '7',
      subject: '12',
      ip_address: '192.0.2.1',
      user_agent: 'test',
      request_id: 'request-1',
      metadata: { item_id: 12, quantity: 3 },
    });
  });

  it('leaves nothing when the transaction is rolled back', async () => {
    const counts = () =>
      database.admin(
        'select (select count(*) from inventory.outbox), (select count(*) from inventory.audit_log) as audit',
      );
    const before = await counts();
    await database.knex
      .transaction(async trx => {
        await emit(trx, itemChanged, {
          aggregateId: 1,
          actor: exampleActor,
          data: { item_id: 1, quantity: 1 },
        });
        throw new Error('no');
      })
      .catch(() => {});
    expect(await counts()).toEqual(before);
  });

  it('refuses data that does not fit, and leaves out fields that are not declared', async () => {
    await expect(emitChange('high' as never)).rejects.toThrow();
    const recorded = await database.knex.transaction(trx =>
      emit(trx, itemChanged, {
        aggregateId: 1,
        actor: exampleActor,
        data: { item_id: 1, quantity: 1, password: 'secret' } as never,
      }),
    );
    expect(recorded.data).toEqual({ item_id: 1, quantity: 1 });
  });

  it('refuses an event over 256 KiB', async () => {
    const actor = { ...exampleActor, requestId: 'x'.repeat(256 * 1024) };
    const emission = { aggregateId: 1, actor, data: { item_id: 1, quantity: 1 } };
    await expect(database.knex.transaction(trx => emit(trx, itemChanged, emission))).rejects.toThrow(
      'over 256 KiB',
    );
  });
});

describe('the audit log', () => {
  const visible = (settings: Record<string, string>) =>
    database.knex.transaction(async trx => {
      for (const [name, value] of Object.entries(settings)) {
        await trx.raw('select set_config(?, ?, true)', [`rivergate.${name}`, value]);
      }
      return (await trx('audit_log').select('id')).length;
    });

  it('shows no row without a scope', async () => {
    await emitChange();
    expect(await visible({})).toBe(0);
  });

  it('shows the rows of the organization, of the user, or all in platform scope', async () => {
    await emitChange();
    expect(await visible({ organization_id: '5' })).toBeGreaterThan(0);
    expect(await visible({ organization_id: '6' })).toBe(0);
    expect(await visible({ user_id: '7' })).toBeGreaterThan(0);
    expect(await visible({ user_id: '8', organization_id: '' })).toBe(0);
    expect(await visible({ scope: 'platform' })).toBeGreaterThan(0);
  });

  it.each([
    'update audit_log set actor = $$someone else$$',
    'delete from audit_log',
    'truncate audit_log',
    'drop table audit_log',
    'alter table audit_log disable row level security',
    'create policy changeable on audit_log for update using (true)',
    'create trigger no_more before insert on audit_log execute function suppress_redundant_updates_trigger()',
    'create rule no_more as on insert to audit_log do instead nothing',
    'alter table audit_log rename to hidden',
  ])('lets its own service not do: %s', async statement => {
    await emitChange();
    const change = database.knex.transaction(async trx => {
      await trx.raw(`select set_config('rivergate.scope', 'platform', true)`);
      await trx.raw(statement);
    });
    await expect(change).rejects.toThrow(/permission denied|must be owner/);
  });

  it('cannot be got at by way of its owner or its schema', async () => {
    for (const statement of [
      'set role rivergate_audit_owner',
      'drop schema inventory cascade',
      'alter schema inventory rename to other',
    ]) {
      await expect(database.knex.raw(statement)).rejects.toThrow(/permission denied|must be owner/);
    }
  });
});
