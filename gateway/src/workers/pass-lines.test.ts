import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { passLines } from './pass-lines.ts';

it('lines of several processes reach their output whole, however they were cut and whatever ended in the middle', async () => {
  const output = new PassThrough();
  const [one, other] = [new PassThrough(), new PassThrough()];
  for (const from of [one, other]) passLines(from, output);
  const long = 'ä'.repeat(40_000);
  const bytes = Buffer.from(`${long}\nthe other\nthe la`);
  for (const [from, to] of [
    [0, 1],
    [1, 30_001],
    [30_001, 80_003],
    [80_003, bytes.length],
  ]) {
    one.write(bytes.subarray(from, to));
    other.write('short\n');
    await new Promise(setImmediate);
  }
  const ended = [one, other].map(from => once(from.end(), 'end'));
  Promise.all(ended).then(() => output.end());
  const lines = (await text(output)).split('\n');
  expect(lines.filter(line => line !== 'short')).toEqual([long, 'the other', 'the la', '']);
});
