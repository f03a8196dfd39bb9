import { promisify } from 'node:util';
import {
  type BrotliCompress,
  brotliCompress,
  constants,
  createBrotliCompress,
  createGzip,
  type Gzip,
  gzip,
} from 'node:zlib';
import type { Request, Response } from 'express';
import { codedTag } from './entity-tag.ts';

/** Bytes below which a coded answer would hardly be smaller. */
const THRESHOLD = 1024;

const TEXT = /^(?:text\/|application\/(?:[\w.-]+\+)?(?:x-nd)?json)/i;

/** Fast levels: answers are made once and sent once. */
const BROTLI = { [constants.BROTLI_PARAM_QUALITY]: 4 };
const GZIP = { level: 5 };

const CODINGS = {
  br: (body: string | Buffer) => promisify(brotliCompress)(body, { params: BROTLI }),
  gzip: (body: string | Buffer) => promisify(gzip)(body, GZIP),
} as const;

type Coding = keyof typeof CODINGS;

/**
 * Codes the answer to a read as the caller accepts it (RFC 9110, section 12.5.3), and marks its entity tag with the
 * coding. Reads only: what a change answers may hold tokens, and a coded answer gives a secret in it away by its
 * length to whoever can have text of theirs answered beside it (BREACH).
 *
 * @param length bytes
 * @returns what codes it; undefined where it goes out as it is
 */
export function coderOf(
  request: Request,
  response: Response,
  length: number,
): ((body: string | Buffer) => Promise<Buffer>) | undefined {
  const coding = codingOf(request, response, length);
  if (!coding) return undefined;
  const tag = response.get('etag');
  if (tag) response.set('ETag', codedTag(tag, coding));
  response.set('Content-Encoding', coding);
  return CODINGS[coding];
}

/**
 * The coding of an answer, which says that it varies by what is accepted.
 *
 * @param length bytes; of a stream it is not known
 */
export function codingOf(request: Request, response: Response, length = Infinity): Coding | undefined {
  if (request.method !== 'GET') return undefined;
  response.vary('Accept-Encoding');
  if (response.statusCode !== 200 || length < THRESHOLD) return undefined;
  if (!TEXT.test(response.get('content-type') ?? '')) return undefined;
  return (['br', 'gzip'] as const).find(known => request.acceptsEncodings(known));
}

/** Bits of the window in which a stream is coded: 256 KiB, for as long as it lasts. */
const WINDOW = { [constants.BROTLI_PARAM_LGWIN]: 18 };

/** Codes what flows through it; `flush` lets go of what it holds back. */
export function flowingCoder(coding: Coding): BrotliCompress | Gzip {
  return coding === 'br' ? createBrotliCompress({ params: { ...BROTLI, ...WINDOW } }) : createGzip(GZIP);
}
