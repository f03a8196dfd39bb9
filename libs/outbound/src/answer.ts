import { pipeline, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { failureOf, OutboundFailure } from './failure.ts';

/** What came back, whatever its status. Its body is read once, by one of these; else it ends with the deadline. */
export interface OutboundAnswer {
  status: number;
  headers: Headers;
  /** Where it came from, after redirects. */
  url: string;
  /** Fails with an OutboundFailure where it is too large, too late or breaks off. */
  body: Readable;
  bytes(): Promise<Buffer>;
  /** As UTF-8. */
  text(): Promise<string>;
  /** @throws OutboundFailure `invalid_answer` for what is no JSON, beside those of the body */
  json(): Promise<unknown>;
  /** For who wants the status alone: lets the connection be used again. Never throws. */
  discard(): Promise<void>;
}

/** Bytes that are read of a body that nobody wants before its connection is closed. */
const DISCARDED = 16_384;

/** RFC 9110, section 15. */
const LAST_STATUS = 599;

/** What is asked for where the answer is to be decompressed, and what is taken then. */
export const CODINGS = 'gzip, deflate, br';

export interface AnswerBounds {
  method: string;
  /** Bytes, of what arrives and of what it unpacks to. */
  maxBytes: number;
  decompress: boolean;
}

/** @throws OutboundFailure for a body that says that it is too large, or is coded in another way than was asked for */
export function answerOf(url: URL, response: Dispatcher.ResponseData, bounds: AnswerBounds): OutboundAnswer {
  const { body: source, statusCode: status } = response;
  if (status > LAST_STATUS) throw new OutboundFailure('invalid_answer');
  const headers = headersOf(response.headers);
  const unpack = bounds.decompress ? unpackerOf(headers.get('content-encoding')) : null;
  if (bounds.method !== 'HEAD' && Number(headers.get('content-length')) > bounds.maxBytes)
    throw new OutboundFailure('too_large');
  if (unpack) {
    headers.delete('content-encoding');
    headers.delete('content-length');
  }
  const body = Readable.from(bounded(source, unpack, bounds.maxBytes), { objectMode: false });
  const bytes = () => buffer(body);
  const text = async () => new TextDecoder().decode(await bytes());
  return {
    status,
    headers,
    url: url.href,
    body,
    bytes,
    text,
    async json() {
      const read = await text();
      try {
        return JSON.parse(read);
      } catch {
        throw new OutboundFailure('invalid_answer');
      }
    },
    async discard() {
      await source.dump({ limit: DISCARDED }).catch(() => {});
    },
  };
}

function headersOf(raw: Dispatcher.ResponseData['headers']): Headers {
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(raw))
    for (const value of [values].flat()) headers.append(name, value);
  return headers;
}

const UNPACKERS = new Map<string, (() => NodeJS.ReadWriteStream) | null>([
  ['', null],
  ['identity', null],
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
]);

/** One coding (RFC 9110, section 8.4.1): a body that is coded several times over is made to burst. */
function unpackerOf(coding: string | null): (() => NodeJS.ReadWriteStream) | null {
  const unpack = UNPACKERS.get((coding ?? '').trim().toLowerCase());
  if (unpack === undefined) throw new OutboundFailure('invalid_answer');
  return unpack;
}

async function* bounded(
  source: Readable,
  unpack: (() => NodeJS.ReadWriteStream) | null,
  maxBytes: number,
): AsyncGenerator<Buffer> {
  try {
    const arriving = counted(source, maxBytes);
    if (!unpack) yield* arriving;
    else yield* counted(pipeline(arriving, unpack(), () => {}) as AsyncIterable<Buffer>, maxBytes);
  } catch (cause) {
    throw failureOf(cause);
  } finally {
    source.destroy();
  }
}

async function* counted(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > maxBytes) throw new OutboundFailure('too_large');
    yield chunk;
  }
}
