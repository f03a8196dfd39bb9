import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { ValidationFailed } from '../failure.ts';
import { addField, decodeUtf8, type Fields, noFields, tooManyFields } from './fields.ts';
import { requireFilename } from './filename.ts';
import { FIELD_BYTES, type FilePart, type MultipartBody, maxCountOf } from './kinds.ts';
import { unsupportedPart } from './media-type.ts';
import { contentOf, type Part, type Parts, partsOf } from './parts.ts';
import { contentHash, fileContent, type ReceivedFile, readToEnd, type Upload } from './upload.ts';

/**
 * Reads a multipart body (RFC 7578) up to its first file, and hands out the files as they are asked for. The body is
 * read no faster than the files are.
 *
 * @throws MalformedRequest, RequestTooLarge, UnsupportedMediaType, ValidationFailed
 */
export async function readMultipart(
  headers: IncomingHttpHeaders,
  bytes: AsyncGenerator<Buffer>,
  kind: MultipartBody,
  hashed: boolean,
): Promise<{ fields: Fields; upload: Upload }> {
  const parts = partsOf(headers, bytes, kind);
  const fields = noFields();
  let left = FIELD_BYTES;
  try {
    for (let count = 0; ; count++) {
      const part = await parts.next();
      if (!part || isFile(part, kind)) return { fields, upload: filesFrom(part, parts, kind, hashed) };
      if (count === kind.maxFields) throw tooManyFields(kind.maxFields);
      const reason = `all fields together must be at most ${FIELD_BYTES} bytes`;
      const value = await buffer(contentOf(part, left, reason, parts));
      addField(fields, part.name, decodeUtf8(value));
      left -= value.length;
    }
  } catch (cause) {
    parts.abandon();
    throw cause;
  }
}

/** Also what has a file's name without being declared as one, so that it is refused and not kept. */
const isFile = ({ name, filename }: Part, { files }: MultipartBody) =>
  filename !== undefined || Object.hasOwn(files, name);

function filesFrom(first: Part | undefined, parts: Parts, kind: MultipartBody, hashed: boolean): Upload {
  const identity: { part: string; filename: string | null; type: string; hash: { digest(): unknown } }[] = [];
  const counts = new Map<string, number>();
  let last: Readable | undefined;
  let next = Promise.resolve(first);
  let refusal: unknown;

  const admit = (part: Part): ReceivedFile => {
    const { name, type } = part;
    const declared = declaredPart(part, kind);
    const { maxBytes } = declared;
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    if (count > maxCountOf(declared)) throw refused(name, 'duplicate', 'comes more often than it may');
    const filename = requireFilename(name, part.filename);
    const hash = contentHash(hashed);
    const content = fileContent(
      contentOf(part, maxBytes, `must be at most ${maxBytes} bytes`, parts),
      hash.update,
    );
    identity.push({ part: name, filename, type, hash });
    last = content;
    return { part: name, filename, type, content };
  };
  /** What was wrong once stays wrong, whoever has seen it. */
  const following = async (): Promise<ReceivedFile | undefined> => {
    if (refusal) throw refusal;
    try {
      return await advance();
    } catch (cause) {
      refusal = cause;
      throw cause;
    }
  };
  const advance = async (): Promise<ReceivedFile | undefined> => {
    if (last) await readToEnd(last);
    const part = await next;
    next = part ? parts.next() : next;
    // It is awaited when it is asked for.
    next.catch(() => {});
    if (part) return admit(part);
    for (const [name, { optional }] of Object.entries(kind.files)) {
      if (!optional && !counts.has(name)) throw refused(name, 'required', 'is required');
    }
    return undefined;
  };
  return {
    async *[Symbol.asyncIterator]() {
      for (let file = await following(); file; file = await following()) yield file;
    },
    async finish() {
      while (await following());
    },
    abandon: parts.abandon,
    identity: () => identity.map(({ hash, ...file }) => ({ ...file, content: hash.digest() })),
  };
}

/** @throws ValidationFailed for a part that is not declared, UnsupportedMediaType for a type that is not */
function declaredPart({ name, type, filename }: Part, { files }: MultipartBody): FilePart {
  const declared = Object.hasOwn(files, name) ? files[name] : undefined;
  if (!declared && filename === undefined)
    throw refused(name, 'not_allowed', 'must come before the first file');
  if (!declared) throw refused(name, 'unknown_field', 'is not a known file');
  if (!declared.types.includes(type)) throw unsupportedPart(name, declared.types);
  return declared;
}

function refused(
  name: string,
  code: 'unknown_field' | 'duplicate' | 'required' | 'not_allowed',
  reason: string,
) {
  return ValidationFailed(undefined, [{ field: `body.${name}`, code, reason }]);
}
