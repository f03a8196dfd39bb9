import { randomBytes } from 'node:crypto';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { secretBox } from '@rivergate/secrets';
import { connectDatabase, createLog, migrate } from '@rivergate/service';
import {
  eventually,
  type MailCatcher,
  startMailCatcher,
  type TestEnvironment,
  testEnvironment,
} from '@rivergate/testing';
import { Queue } from 'bullmq';
import type { Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addMailClaims, createMailTable, letter, type Mailer, startMailer } from './index.ts';

let environment: TestEnvironment;
let catcher: MailCatcher;
let knex: Knex;
let mailer: Mailer;
const box = secretBox(randomBytes(32).toString('base64'));
const content = { subject: 'Hello', text: 'code 123456', html: '<p>code 123456</p>' };

const mailerTo = (smtpUrl: string, service: string) =>
  startMailer({
    service,
    knex,
    redisUrl: environment.redisUrl,
    secretBox: box,
    smtpUrl,
    from: 'Rivergate <no-reply@rivergate.test>',
    log: createLog('mail-test', 'silent'),
  });

beforeAll(async () => {
  [environment, catcher] = await Promise.all([testEnvironment(), startMailCatcher()]);
  const env = environment.of('identity');
  knex = connectDatabase(env.DATABASE_URL!, 'mail-test', 4);
  await migrate(knex, [
    { name: '0001_mail', up: createMailTable },
    { name: '0002_mail_claims', up: addMailClaims },
  ]);
  mailer = mailerTo(catcher.smtpUrl, 'identity');
});
afterAll(async () => {
  await mailer.stop();
  await knex.destroy();
  await catcher.stop();
  await environment.remove();
});

describe('a mail', () => {
  it('goes out when the transaction that decided on it commits, and leaves nothing behind', async () => {
    await knex.transaction(db => mailer.send(db, { to: 'a@example.com', ...content }));
    expect((await catcher.nth('a@example.com', 1)).text).toContain('code 123456');
    await eventually(async () => (await knex('outgoing_mail').pluck('id')).length === 0);
  });
  it('never goes out when the transaction rolls back', async () => {
    const rolledBack = knex.transaction(async db => {
      await mailer.send(db, { to: 'b@example.com', ...content });
      throw new Error('changed my mind');
    });
    await expect(rolledBack).rejects.toThrow('changed my mind');
    await knex.transaction(db => mailer.send(db, { to: 'c@example.com', ...content }));
    await catcher.nth('c@example.com', 1);
    expect(catcher.to('b@example.com')).toEqual([]);
  });
  it('lies sealed while it waits', async () => {
    await knex.transaction(async db => {
      await mailer.send(db, { to: 'd@example.com', ...content });
      const [sealed] = await db('outgoing_mail').pluck('sealed');
      expect(Buffer.from(sealed, 'base64').toString('latin1')).not.toContain('123456');
    });
  });
  it('holds no connection of the database while the mail server does not answer', async () => {
    const waiting: Socket[] = [];
    const silent = createServer(socket => waiting.push(socket.on('error', () => {})));
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const other = mailerTo(`smtp://127.0.0.1:${port}`, 'sso');
    try {
      // The mailer of the other tests may take some of them.
      await eventually(async () => {
        if (waiting.length < 4)
          await knex.transaction(db => other.send(db, { to: 'e@example.com', ...content }));
        return waiting.length === 4;
      }, 'every worker to be at it');
      // Held for a moment is one by whoever looks for the next mail; by a worker it would be until the server answers.
      await eventually(
        async () => {
          const { rows } = await knex.raw(
            "select count(*)::int as held from pg_stat_activity where usename = current_user and state like 'idle in transaction%'",
          );
          return rows[0].held === 0;
        },
        'no connection to be held',
        2_000,
      );
    } finally {
      for (const socket of waiting) socket.destroy();
      silent.close();
      await other.stop();
      await knex('outgoing_mail').delete();
    }
  });
  it('that was not taken is tried again, later each time', async () => {
    let refusing = true;
    const { port: taking } = new URL(catcher.smtpUrl);
    const door = createServer(socket => {
      if (refusing) return socket.destroy();
      const inside = connect(Number(taking), '127.0.0.1');
      socket.pipe(inside).pipe(socket);
      for (const end of [socket, inside]) end.on('error', () => {});
    });
    await new Promise<void>(resolve => door.listen(0, '127.0.0.1', resolve));
    const { port } = door.address() as AddressInfo;
    const other = mailerTo(`smtp://127.0.0.1:${port}`, 'flaky');
    const pause = () =>
      knex('outgoing_mail')
        .where('claimed_until', '<', knex.raw("now() + interval '80 seconds'"))
        .first(knex.raw('extract(epoch from claimed_until - now())::float as seconds'));
    // The only one that sends.
    await mailer.stop();
    try {
      await knex.transaction(db => other.send(db, { to: 'g@example.com', ...content }));
      await eventually(async () => (await pause())?.seconds > 0, 'the first try to fail');
      await eventually(async () => (await pause())?.seconds > 1.2, 'a longer pause');
      refusing = false;
      await catcher.nth('g@example.com', 1);
      await eventually(async () => (await knex('outgoing_mail').pluck('id')).length === 0);
      expect(catcher.to('g@example.com')).toHaveLength(1);
    } finally {
      door.close();
      await other.stop();
      mailer = mailerTo(catcher.smtpUrl, 'identity');
    }
  });
  it('is sent once by ten workers that are told of it at the same time', async () => {
    const others = Array.from({ length: 9 }, (_, index) => mailerTo(catcher.smtpUrl, `worker-${index}`));
    try {
      await knex.transaction(db => mailer.send(db, { to: 'f@example.com', ...content }));
      const queues = others.map(
        (_, index) =>
          new Queue(`mail-worker-${index}`, {
            connection: { url: environment.redisUrl },
            prefix: '{rivergate}',
          }),
      );
      await Promise.all(queues.map(queue => queue.add('ring', {})));
      await catcher.nth('f@example.com', 1);
      await eventually(async () => (await knex('outgoing_mail').pluck('id')).length === 0);
      await eventually(async () =>
        (await Promise.all(queues.map(queue => queue.count()))).every(count => count === 0),
      );
      expect(catcher.to('f@example.com')).toHaveLength(1);
      await Promise.all(queues.map(queue => queue.close()));
    } finally {
      await Promise.all(others.map(one => one.stop()));
    }
  });
});

describe('a letter', () => {
  it('shows the markup of others as text', () => {
    const { html, text } = letter({
      heading: '<b>Hi</b>',
      paragraphs: ['a & "b"'],
      action: { label: 'Go', url: 'https://x.test/?a=1&b="' },
    });
    expect(html).not.toContain('<b>Hi</b>');
    expect(html).toContain('a &amp; &quot;b&quot;');
    expect(html).toContain('https://x.test/?a=1&amp;b=&quot;');
    expect(text).toContain('https://x.test/?a=1&b="');
  });
});
