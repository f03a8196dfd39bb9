import { randomBytes } from 'node:crypto';
import { secretBox } from '@rivergate/secrets';
import { connectDatabase, createLog, migrate } from '@rivergate/service';
import {
  eventually,
  type MailCatcher,
  startMailCatcher,
  type TestEnvironment,
  testEnvironment,
} from '@rivergate/testing';
import type { Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMailTable, letter, type Mailer, startMailer } from './index.ts';

let environment: TestEnvironment;
let catcher: MailCatcher;
let knex: Knex;
let mailer: Mailer;
const box = secretBox(randomBytes(32).toString('base64'));
const content = { subject: 'Hello', text: 'code 123456', html: '<p>code 123456</p>' };

beforeAll(async () => {
  [environment, catcher] = await Promise.all([testEnvironment(), startMailCatcher()]);
  const env = environment.of('identity');
  knex = connectDatabase(env.DATABASE_URL!, 'mail-test', 4);
  await migrate(knex, [{ name: '0001_mail', up: createMailTable }]);
  mailer = startMailer({
    service: 'identity',
    knex,
    redisUrl: environment.redisUrl,
    secretBox: box,
    smtpUrl: catcher.smtpUrl,
    from: 'Rivergate <no-reply@rivergate.test>',
    log: createLog('mail-test', 'silent'),
  });
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
