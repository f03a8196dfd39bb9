import { randomBytes } from 'node:crypto';
import { freePort } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NameServer, startNameServer } from './testing/name-server.ts';
import { expectReason, outboundUnderTest } from './testing/outbound-under-test.ts';

let names: NameServer;
beforeAll(async () => {
  names = await startNameServer();
});
afterAll(() => names?.stop());

const textRecords = (name: string, deadline?: number, nameServer = names.address) =>
  outboundUnderTest({ nameServer }).textRecords(name, deadline === undefined ? {} : { deadline });
const NONE = { records: [], isAlias: false };

describe('TXT records', () => {
  it('are those at the name, each in one piece', async () => {
    const long = 'x'.repeat(700);
    names.setText('some.test', 'one', long, '');
    expect(await textRecords('some.test')).toEqual({ records: ['one', long, ''], isAlias: false });
    names.set('addresses.test', '192.0.2.1');
    expect(await textRecords('addresses.test')).toEqual(NONE);
    expect(await textRecords('nowhere.test')).toEqual(NONE);
  });

  it('of another name do not count, wherever an alias leads', async () => {
    names.setText('target.test', 'theirs');
    names.set('alias.test', 'target.test');
    names.set('dangling.test', 'nowhere.test');
    names.set('circle.test', 'back.test');
    names.set('back.test', 'circle.test');
    for (const name of ['alias.test', 'dangling.test', 'circle.test'])
      expect(await textRecords(name), name).toEqual({ records: [], isAlias: true });
  });

  it('are bounded in number, and in size by what DNS can carry', async () => {
    names.setText('many.test', ...Array.from({ length: 1_000 }, (_, index) => `record ${index}`));
    const { records } = await textRecords('many.test');
    expect(records).toHaveLength(100);
    names.setText('huge.test', randomBytes(31_000).toString('hex'));
    expect((await textRecords('huge.test')).records[0]).toHaveLength(62_000);
  });

  it('are not said to be absent where DNS gives no answer', async () => {
    names.fail('failing.test');
    names.silence('silent.test');
    await expectReason(textRecords('failing.test'), 'dns');
    await expectReason(textRecords('silent.test', 100), 'timeout');
    await expectReason(textRecords('some.test', 5_000, `127.0.0.1:${await freePort()}`), 'dns');
    await expectReason(textRecords(`${'a'.repeat(64)}.test`), 'dns');
  });
});
