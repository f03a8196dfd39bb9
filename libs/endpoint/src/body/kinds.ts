/** JSON, in memory (RFC 8259). */
export interface JsonBody {
  kind: 'json';
  types: readonly string[];
}

/** The fields of a form, in memory: `application/x-www-form-urlencoded` as the WHATWG URL standard has it, in UTF-8. */
export interface FormBody {
  kind: 'form';
  types: readonly string[];
  /** How many parameters there may be, repeated ones included. */
  maxFields: number;
  oauth: boolean;
}

/** Fields and files (RFC 7578). The fields come first and are checked; then each file passes as it comes. */
export interface MultipartBody {
  kind: 'multipart';
  types: readonly string[];
  maxFields: number;
  /** Those that are taken, by the name of their part. */
  files: Readonly<Record<string, FilePart>>;
  /** Bytes of everything together. */
  maxBytes: number;
}

/** The body is a file, which passes as it comes. */
export interface RawBody {
  kind: 'raw';
  types: readonly string[];
  /** Bytes */
  maxBytes: number;
}

export type BodyKind = JsonBody | FormBody | MultipartBody | RawBody;

/** A file that a multipart body may hold. */
export interface FilePart {
  /** Media types, without parameters. */
  types: readonly string[];
  /** Bytes of each. */
  maxBytes: number;
  /** How many of this name; default 1. */
  maxCount?: number;
  /** Whether there may be none. */
  optional?: true;
}

export const FORM = 'application/x-www-form-urlencoded';
export const MULTIPART = 'multipart/form-data';

const DEFAULT_MAX_FIELDS = 100;

/** JSON under these media types; without any, `application/json`. */
export function json(...types: string[]): JsonBody {
  return { kind: 'json', types: types.length > 0 ? types : ['application/json'] };
}

/**
 * A form without files.
 *
 * @param oauth by the rules of RFC 6749, section 3.1 and 3.2: unknown parameters are ignored, and one without a value
 *   counts as not sent
 */
export function form({ maxFields = DEFAULT_MAX_FIELDS, oauth = false } = {}): FormBody {
  return { kind: 'form', types: [FORM], maxFields, oauth };
}

/** Bytes of all fields of a multipart body together, which are in memory. */
export const FIELD_BYTES = 256 * 1024;
/** Bytes of the headers of one part. */
export const HEADER_BYTES = 8 * 1024;

/**
 * Fields, as the schema of the body declares them, and these files after them.
 *
 * @param maxBytes of everything together; by default what fields and files may have
 */
export function multipart(declared: {
  files: Readonly<Record<string, FilePart>>;
  maxFields?: number;
  maxBytes?: number;
}): MultipartBody {
  const { files, maxFields = DEFAULT_MAX_FIELDS } = declared;
  const parts = Object.values(files);
  const { maxBytes = parts.reduce((sum, part) => sum + maxCountOf(part) * part.maxBytes, FIELD_BYTES) } =
    declared;
  return { kind: 'multipart', types: [MULTIPART], files, maxFields, maxBytes };
}

export const maxCountOf = ({ maxCount = 1 }: FilePart) => maxCount;

/** A file of one of these media types as the whole body. */
export function raw({ types, maxBytes }: { types: readonly string[]; maxBytes: number }): RawBody {
  return { kind: 'raw', types, maxBytes };
}

const JSON_ONLY: readonly BodyKind[] = [json()];

/** What an endpoint takes where it says nothing else. */
export function acceptedBy({ accepts }: { accepts?: readonly BodyKind[] | undefined }): readonly BodyKind[] {
  return accepts ?? JSON_ONLY;
}

/** Whether a body of this kind passes as it comes, instead of being in memory as a whole. */
export function isStreamed(kind: BodyKind): kind is MultipartBody | RawBody {
  return kind.kind === 'multipart' || kind.kind === 'raw';
}

/** Every media type that is taken. */
export function mediaTypes(kinds: readonly BodyKind[]): string[] {
  return [...new Set(kinds.flatMap(({ types }) => types))];
}

/** Whether fields may come that are not declared: in all that speaks OAuth or SCIM, and in a form by the rules of OAuth. */
export function ignoresUnknown({ protocol }: { protocol?: 'oauth' | 'scim' }, kind: BodyKind): boolean {
  return protocol !== undefined || (kind.kind === 'form' && kind.oauth);
}
