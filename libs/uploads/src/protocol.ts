import { type ErrorDeclaration, type FailureDetail, ValidationFailed } from '@rivergate/endpoint';
import { z } from 'zod';
import { UploadVersionNotSupported } from './errors.ts';
import type { Upload } from './upload-store.ts';

/** https://tus.io/protocols/resumable-upload, 1.0.0, with the extensions creation, expiration and termination. */
const VERSION = '1.0.0';

/** Bytes that are counted exactly, as text. */
const Count = z
  .string()
  .regex(/^(?:0|[1-9]\d{0,14})$/)
  .transform(Number);

const version = { 'tus-resumable': z.string().optional() };
export const VersionHeaders = z.object(version);
export const CreationHeaders = z.object({
  ...version,
  'upload-length': Count,
  'upload-metadata': z.string().max(4_096).optional(),
});
export const OffsetHeaders = z.object({ ...version, 'upload-offset': Count });

/** @throws UploadVersionNotSupported for a request of another version of the protocol, or of none */
export function requireVersion(headers: { 'tus-resumable'?: string | undefined }): void {
  if (headers['tus-resumable'] === VERSION) return;
  throw UploadVersionNotSupported(undefined, [], { 'Tus-Version': VERSION, 'Tus-Resumable': VERSION });
}

/** The headers that every answer about an upload has. */
export function stateHeaders({ received, length, expires_at }: Upload): Record<string, string> {
  return {
    'Tus-Resumable': VERSION,
    'Upload-Offset': String(received),
    ...(length === null ? {} : { 'Upload-Length': String(length) }),
    ...(expires_at === null ? {} : { 'Upload-Expires': expires_at.toUTCString() }),
    'Cache-Control': 'no-store',
  };
}

export const versionHeader = { 'Tus-Resumable': VERSION };

/**
 * Reads Upload-Metadata: keys with a space and their value in base64, by commas. What the schema does not know is
 * passed over: clients add keys of their own.
 *
 * @throws ValidationFailed
 */
export function readMetadata(header: string | undefined, schema: z.ZodObject): Record<string, unknown> {
  const entries = (header ?? '').split(',').flatMap(pair => {
    const text = pair.trim();
    return text === '' ? [] : [entryOf(text)];
  });
  if (new Set(entries.map(([key]) => key)).size < entries.length) throw refused('holds a key twice');
  const result = schema.safeParse(Object.fromEntries(entries));
  if (result.success) return result.data;
  throw refused(...result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`));
}

function entryOf(pair: string): [string, string] {
  const [, key, value = ''] = /^([\x21-\x7e]+)(?: ([A-Za-z0-9+/]*={0,2}))?$/.exec(pair) ?? [];
  if (key === undefined) throw refused('must hold keys, each with a value in base64');
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(value, 'base64'));
    if (!text.includes('\0')) return [key, text];
  } catch {}
  throw refused(`holds something else than text under ${key.slice(0, 60)}`);
}

function refused(...reasons: string[]): ReturnType<ErrorDeclaration> {
  const details = reasons.map(
    (reason): FailureDetail => ({ field: 'headers.upload-metadata', code: 'invalid_format', reason }),
  );
  return ValidationFailed(undefined, details);
}
