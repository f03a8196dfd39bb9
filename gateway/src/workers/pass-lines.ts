import type { Readable, Writable } from 'node:stream';

const LINE_FEED = 10;

/**
 * Writes what several processes say to one output, line by line: a pipe keeps only writes of up to 4096 bytes whole
 * (PIPE_BUF), and each of them writes more at once.
 */
export function passLines(from: Readable, to: Writable): void {
  let begun: Buffer[] = [];
  from.on('data', (chunk: Buffer) => {
    const end = chunk.lastIndexOf(LINE_FEED) + 1;
    if (end > 0) {
      to.write(Buffer.concat([...begun, chunk.subarray(0, end)]));
      begun = [];
    }
    if (end < chunk.length) begun.push(chunk.subarray(end));
  });
  from.on('end', () => {
    if (begun.length > 0) to.write(Buffer.concat([...begun, Buffer.from('\n')]));
  });
}
