import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { EndpointSpec } from '../spec.ts';
import { acceptedBy } from './kinds.ts';
import type { SentFile } from './sent-file.ts';

/** What a client sends, and the type of it. */
export interface WrittenBody {
  type: string;
  content: string | Buffer | Readable;
}

/** The body of a request as its endpoint takes it; undefined for none. */
export function writeBody(
  spec: EndpointSpec,
  { body, files = [] }: { body?: unknown; files?: readonly SentFile[] },
): WrittenBody | undefined {
  const fields = (body ?? {}) as Record<string, unknown>;
  const [first] = files;
  if (first && first.part === undefined) return { type: first.type, content: first.content };
  const [kind] = acceptedBy(spec).filter(({ kind }) => (first ? kind === 'multipart' : kind !== 'raw'));
  if (kind?.kind === 'multipart') return multipartBody(fields, files);
  if (body === undefined) return undefined;
  if (kind?.kind === 'form')
    return { type: kind.types[0]!, content: String(new URLSearchParams(entriesOf(fields))) };
  return { type: kind?.types[0] ?? 'application/json', content: JSON.stringify(body) };
}

function entriesOf(fields: Record<string, unknown>): [string, string][] {
  return Object.entries(fields).flatMap(([name, value]) =>
    [value]
      .flat()
      .filter(one => one !== undefined)
      .map((one): [string, string] => [name, String(one)]),
  );
}

/** RFC 7578, the fields before the files. */
function multipartBody(fields: Record<string, unknown>, files: readonly SentFile[]): WrittenBody {
  const boundary = `rivergate-${randomUUID()}`;
  async function* parts() {
    for (const [name, value] of entriesOf(fields))
      yield `--${boundary}\r\nContent-Disposition: form-data; name=${quoted(name)}\r\n\r\n${value}\r\n`;
    for (const { part, filename, type, content } of files) {
      const named = filename === undefined ? '' : `; filename=${quoted(filename)}`;
      yield `--${boundary}\r\nContent-Disposition: form-data; name=${quoted(part!)}${named}\r\n`;
      yield `Content-Type: ${type}\r\n\r\n`;
      if (Buffer.isBuffer(content)) yield content;
      else yield* content;
      yield '\r\n';
    }
    yield `--${boundary}--\r\n`;
  }
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    content: Readable.from(parts(), { objectMode: false }),
  };
}

/** As the WHATWG HTML standard escapes what would end the name. */
function quoted(name: string): string {
  const escaped = name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  return `"${escaped}"`;
}
