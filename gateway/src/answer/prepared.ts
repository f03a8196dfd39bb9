import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import fresh from 'fresh';
import Negotiator from 'negotiator';

/** One representation: what is sent under which coding, and the strong validator that is its alone (RFC 9110, 8.8.3). */
type Representation = { coding: 'br' | 'gzip' | null; body: Buffer; etag: string };

/** What is answered often and changes seldom: hashed and compressed once. The first representation is the smallest. */
export type Prepared = {
  headers: Readonly<Record<string, string>>;
  representations: readonly Representation[];
};

/** Bytes below which compressing saves nothing that matters. */
const WORTH_COMPRESSING = 1_024;
/** Brotli's next level takes ten times as long and saves a twentieth. */
const BROTLI_QUALITY = 9;
const compressible = /^(?:text\/|application\/json|image\/svg)/;

const inBrotli = promisify(brotliCompress);
const inGzip = promisify(gzip);

/** @param headers as they are to be sent; Content-Type says whether compressing is tried */
export async function prepare(
  content: string | Buffer,
  headers: { 'Content-Type': string } & Record<string, string>,
): Promise<Prepared> {
  const plain = Buffer.from(content);
  const tag = hash('sha256', plain, 'base64url').slice(0, 22);
  const representations: Representation[] = [{ coding: null, body: plain, etag: `"${tag}"` }];
  if (plain.length >= WORTH_COMPRESSING && compressible.test(headers['Content-Type'])) {
    const params = { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY };
    const [br, gz] = await Promise.all([inBrotli(plain, { params }), inGzip(plain)]);
    representations.unshift(
      { coding: 'br', body: br, etag: `"${tag}-br"` },
      { coding: 'gzip', body: gz, etag: `"${tag}-gzip"` },
    );
  }
  return { headers, representations };
}

/** Prepares what is asked for the first time, and anew when the version of what it is made from has changed. */
export function preparedOnce(
  make: () => Prepared | Promise<Prepared>,
  version: () => string = () => '',
): () => Promise<Prepared> {
  let known: { version: string; prepared: Promise<Prepared> } | undefined;
  return () => {
    const present = version();
    if (known?.version !== present) {
      const entry = { version: present, prepared: Promise.resolve().then(make) };
      known = entry;
      entry.prepared.catch(() => {
        if (known === entry) known = undefined;
      });
    }
    return known.prepared;
  };
}

/** What a request is answered: 304 without a body where its validator still holds (RFC 9110, section 13.1.2). */
export function answerOf(
  { representations, headers }: Prepared,
  request: IncomingMessage,
): { status: 200 | 304; body: Buffer; headers: Record<string, string> } {
  const accepted = new Set(new Negotiator(request).encodings(['br', 'gzip']));
  const chosen = representations.find(({ coding }) => coding === null || accepted.has(coding))!;
  const sent: Record<string, string> = { ...headers, ETag: chosen.etag, Vary: 'Accept-Encoding, Origin' };
  const conditions = { 'if-none-match': request.headers['if-none-match'] };
  if (fresh(conditions, { etag: chosen.etag })) {
    delete sent['Content-Type'];
    return { status: 304, body: Buffer.alloc(0), headers: sent };
  }
  if (chosen.coding) sent['Content-Encoding'] = chosen.coding;
  return { status: 200, body: chosen.body, headers: sent };
}
