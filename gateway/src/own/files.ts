import { readFile } from 'node:fs/promises';
import { prepare, preparedOnce } from '../answer/prepared.ts';
import type { Writer } from '../answer/write.ts';
import type { OwnEndpoints } from './own-endpoints.ts';

const types: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/**
 * Answers paths with files. What is not in the list cannot be had.
 *
 * @param files the file of each path, absolute
 * @param headers of every answer, beside type and validator
 * @param read gives what is sent for a file
 */
export function files(
  write: Writer,
  files: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>>,
  read: (file: string) => Promise<string | Buffer> = file => readFile(file),
): OwnEndpoints {
  return new Map(
    Object.entries(files).map(([path, file]) => {
      const type = types[file.slice(file.lastIndexOf('.') + 1)]!;
      const content = preparedOnce(async () =>
        prepare(await read(file), { 'Content-Type': type, ...headers }),
      );
      return [path, async exchange => write.prepared(exchange, await content())];
    }),
  );
}
