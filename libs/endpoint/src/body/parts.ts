import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { Busboy, type BusboyFileStream, type BusboyHeaders, type BusboyInstance } from '@fastify/busboy';
import { Failure, MalformedRequest, RequestTooLarge } from '../failure.ts';
import { tooManyFields } from './fields.ts';
import { HEADER_BYTES, type MultipartBody, maxCountOf } from './kinds.ts';

/** A part of a multipart body, field or file, at its beginning. */
export interface Part {
  name: string;
  filename: string | undefined;
  type: string;
  stream: BusboyFileStream;
}

/** The content of a part. @throws RequestTooLarge for one of more bytes, and what is wrong with the body */
export async function* contentOf(
  { name, stream }: Part,
  most: number,
  reason: string,
  parts: Parts,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  try {
    for await (const chunk of stream) {
      bytes += chunk.length;
      if (bytes > most)
        throw RequestTooLarge(undefined, [{ field: `body.${name}`, code: 'too_big', reason }]);
      yield chunk;
    }
  } catch (cause) {
    // What the parser says of the body as a whole comes before what that does to a part.
    throw parts.failure() ?? cause;
  }
}

type FileEvent = [
  name: string | undefined,
  stream: BusboyFileStream,
  filename: string | undefined,
  transferEncoding: string,
  type: string,
];

export interface Parts {
  /** The next part, once the parser has come to it; undefined after the last. @throws what is wrong with the body */
  next(): Promise<Part | undefined>;
  /** Why the body could not be read on. */
  failure(): Error | undefined;
  abandon(): void;
}

/** Every part of the body, fields too, one after the other. */
export function partsOf(
  headers: IncomingHttpHeaders,
  bytes: AsyncGenerator<Buffer>,
  kind: MultipartBody,
): Parts {
  const most = kind.maxFields + Object.values(kind.files).reduce((sum, part) => sum + maxCountOf(part), 0);
  const arrived: Part[] = [];
  const open = new Set<BusboyFileStream>();
  let failure: Error | undefined;
  let ended = false;
  let wake = () => {};

  const fail = (cause: unknown) => {
    failure ??= cause instanceof Failure ? cause : malformed(cause);
    for (const stream of open) stream.destroy(failure);
    wake();
  };
  const parser = parserOf(headers, most);
  parser.on('file', (...[name, stream, filename, transferEncoding, type]: FileEvent) => {
    open.add(stream);
    stream.once('close', () => open.delete(stream)).on('error', fail);
    if (name === undefined) return fail(MalformedRequest('A part of the body has no name'));
    // RFC 7578, section 4.7: nobody sends others any more, and who does not know them reads something else.
    if (!/^(?:7bit|8bit|binary)$/.test(transferEncoding))
      return fail(MalformedRequest('A part of the body has a transfer encoding'));
    arrived.push({ name, stream, filename, type });
    wake();
  });
  parser.on('partsLimit', () => fail(tooManyFields(most)));
  parser.on('error', fail);
  parser.on('finish', () => {
    ended = true;
    wake();
  });
  const written = Readable.from(bytes, { objectMode: false, highWaterMark: 1 });
  written.on('error', fail);
  written.pipe(parser);

  return {
    async next() {
      for (;;) {
        if (failure) throw failure;
        const part = arrived.shift();
        if (part || ended) return part;
        await new Promise<void>(resolve => {
          wake = resolve;
        });
      }
    },
    failure: () => failure,
    abandon() {
      fail(MalformedRequest());
      written.unpipe(parser).destroy();
      parser.destroy();
    },
  };
}

/** RFC 2046, section 5.1.1, of which an empty one would be found between any two hyphens. */
const BOUNDARY = /;\s*boundary=(?:"[^"]{1,70}"|[^\s";,]{1,70})\s*(?:;|$)/i;

function parserOf(headers: IncomingHttpHeaders, parts: number): BusboyInstance {
  if (!BOUNDARY.test(headers['content-type']!)) throw malformed(new Error('it names no boundary'));
  try {
    return new Busboy({
      headers: headers as BusboyHeaders,
      limits: { parts, headerSize: HEADER_BYTES, headerPairs: 20 },
      // Fields too are read here, to their limit and strictly.
      isPartAFile: () => true,
      preservePath: true,
    });
  } catch (cause) {
    throw malformed(cause);
  }
}

function malformed(cause: unknown) {
  return MalformedRequest(
    `The body is not valid multipart/form-data: ${(cause as Error).message.slice(0, 120)}`,
  );
}
