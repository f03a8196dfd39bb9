import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { platform } from '@rivergate/redis/testing';
import { expect, it } from 'vitest';

/** Of BullMQ's scripts, those by which a queue of this library is rung and worked off. */
const SCRIPTS = [
  'addStandardJob-9',
  'moveToActive-11',
  'moveToFinished-14',
  'moveStalledJobsToWait-9',
  'extendLocks-1',
  'getCounts-1',
];
/** What is run outside of them. */
const ITSELF = ['bzpopmin', 'client|setname', 'evalsha', 'eval', 'hmset', 'info'];
/** Access state, limits, used proofs, messages, samples and reports of policies, and how Redis is reached in each form. */
const OTHERWISE = [
  ...['get', 'mget', 'set', 'del', 'pttl', 'pexpire', 'incrby', 'sadd', 'scard', 'ping', 'select'],
  ...['publish', 'subscribe', 'pubsub|numsub', 'client|id', 'client|tracking', 'wait'],
  ...['expire', 'hlen', 'pexpireat'],
  ...['readonly', 'readwrite', 'asking', 'cluster|info', 'cluster|myid', 'cluster|slots'],
];

const folder = join(dirname(fileURLToPath(import.meta.resolve('bullmq'))), 'scripts');
const commandsOf = (script: string) =>
  [
    ...readFileSync(join(folder, `${script}.js`), 'utf8').matchAll(
      /(?:rcall|redis\.p?call)\(\s*["'](\w+)["']|"([LR]PUSH)"/g,
    ),
  ].map(([, called, chosen]) => (called ?? chosen)!.toLowerCase());

it('the user that docs/operations.md gives may run what this version of BullMQ does, and no more than the platform needs', () => {
  const granted = platform.lines.flatMap(line => line.match(/(?<= \+)\S+/g) ?? []);
  const needed = new Set([...SCRIPTS.flatMap(commandsOf), ...ITSELF, ...OTHERWISE]);
  expect(granted.toSorted()).toEqual([...needed].toSorted());
});
