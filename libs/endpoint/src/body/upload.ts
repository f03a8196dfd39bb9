import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';

/** A file on its way in. */
export interface ReceivedFile {
  /** Name of its part; null where the file is the whole body. */
  part: string | null;
  /** As its sender calls it: text to show, never a path. Null where it was not told. */
  filename: string | null;
  /** Its media type, one of those that are declared, without parameters. */
  type: string;
  /** Comes as fast as it is read. Fails where the body ends before its end, or is larger than declared. */
  content: Readable;
}

/**
 * The files of a request, in the order in which they come, each once. Of one that was not read to its end, the rest is
 * passed over when the next is asked for.
 *
 * @throws MalformedRequest, RequestTooLarge, UnsupportedMediaType, ValidationFailed, here or from a file's content
 */
export type Files = AsyncIterable<ReceivedFile>;

/** A body that passes as it comes, with what the library itself does with it. */
export interface Upload extends Files {
  /** Passes over what nobody read. @throws what is wrong with the body, up to its very end */
  finish(): Promise<void>;
  /** Lets go of a body that nobody wants any more. */
  abandon(): void;
  /** What makes the content what it is, known once it was read: hashes of the files, for idempotency. */
  identity(): unknown;
}

/** Where an endpoint takes files and none came. */
export const noUpload: Upload = {
  async *[Symbol.asyncIterator]() {},
  async finish() {},
  abandon() {},
  identity: () => [],
};

/** Notes what passes. */
export function contentHash(wanted: boolean) {
  if (!wanted) return { update() {}, digest: () => null };
  const hash = createHash('sha256');
  let digest: string | undefined;
  return {
    update: (chunk: Buffer) => void hash.update(chunk),
    digest: () => (digest ??= hash.digest('base64url')),
  };
}

/** The whole body as one file. */
export function rawUpload(bytes: AsyncGenerator<Buffer>, type: string, hashed: boolean): Upload {
  const hash = contentHash(hashed);
  const content = fileContent(bytes, hash.update);
  return {
    async *[Symbol.asyncIterator]() {
      yield { part: null, filename: null, type, content };
    },
    finish: () => readToEnd(content),
    abandon: () => void content.destroy(),
    identity: () => [{ type, content: hash.digest() }],
  };
}

/** What a handler reads of a file. */
export function fileContent(bytes: AsyncGenerator<Buffer>, note: (chunk: Buffer) => void): Readable {
  const content = Readable.from(noting(bytes, note), { objectMode: false });
  // Whoever reads it gets the failure; where nobody does, it must not end the process.
  return content.on('error', () => {});
}

async function* noting(bytes: AsyncGenerator<Buffer>, note: (chunk: Buffer) => void): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) {
    note(chunk);
    yield chunk;
  }
}

/**
 * Passes over what is left of a file.
 *
 * @throws what is wrong with it, and an ordinary Error where a handler stopped in the middle: what it has not seen,
 *   nobody has checked
 */
export async function readToEnd(content: Readable): Promise<void> {
  if (content.errored) throw content.errored;
  if (content.readableEnded) return;
  if (content.destroyed) throw new Error('A file was not read to its end');
  for await (const _ of content);
}
