import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Request, Response } from 'express';
import { codedTag } from './entity-tag.ts';

/** Bytes below which a coded answer would hardly be smaller. */
const THRESHOLD = 1024;

const TEXT = /^(?:text\/|application\/(?:[\w.-]+\+)?(?:x-nd)?json)/i;

/** Fast levels: answers are made once and sent once. */
const CODINGS = {
  br: (bytes: Buffer) =>
    promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
  gzip: (bytes: Buffer) => promisify(gzip)(bytes, { level: 5 }),
} as const;

/**
 * Codes the answer to a read as the caller accepts it (RFC 9110, section 12.5.3), and marks its entity tag with the
 * coding. Reads only: what a change answers may hold tokens, and a coded answer gives a secret in it away by its
 * length to whoever can have text of theirs answered beside it (BREACH).
 *
 * @returns the bytes to send
 */
export async function compressed(request: Request, response: Response, bytes: Buffer): Promise<Buffer> {
  if (request.method !== 'GET') return bytes;
  response.vary('Accept-Encoding');
  if (response.statusCode !== 200 || bytes.length < THRESHOLD) return bytes;
  if (!TEXT.test(response.get('content-type') ?? '')) return bytes;
  const coding = (['br', 'gzip'] as const).find(known => request.acceptsEncodings(known));
  if (!coding) return bytes;
  const tag = response.get('etag');
  if (tag) response.set('ETag', codedTag(tag, coding));
  response.set('Content-Encoding', coding);
  return await CODINGS[coding](bytes);
}
