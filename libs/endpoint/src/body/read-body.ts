import express, { type Request, type Response } from 'express';
import { ValidationFailed } from '../failure.ts';
import type { EndpointSpec } from '../spec.ts';
import { hasBody, received } from './bytes.ts';
import { parseForm } from './form.ts';
import { parseJson } from './json.ts';
import { acceptedBy, type BodyKind, isStreamed } from './kinds.ts';
import { wholeLimitOf } from './limit.ts';
import { kindOf, unsupportedCoding } from './media-type.ts';
import { readMultipart } from './multipart.ts';
import { noUpload, rawUpload, type Upload } from './upload.ts';

/** A body as far as it is read before its endpoint's schema looks at it. */
export interface ReadBody {
  value: unknown;
  /** Undefined where there was no body. */
  kind?: BodyKind;
  upload?: Upload;
}

/** Reads a body when it is time to. @throws MalformedRequest, RequestTooLarge, UnsupportedMediaType, ValidationFailed */
export type BodyReader = (request: Request, response: Response) => Promise<ReadBody>;

/** Reads the bodies that an endpoint takes: whole ones to their end, of streamed ones what comes before the files. */
export function bodyReader(spec: EndpointSpec): BodyReader {
  const kinds = acceptedBy(spec);
  const takesFiles = kinds.some(isStreamed);
  const none: ReadBody = takesFiles ? { value: {}, upload: noUpload } : { value: {} };
  const onlyFiles = kinds.every(isStreamed);
  const { idempotency_key: keyField } = spec.body?.shape ?? {};
  const whole = express.raw({ type: () => true, limit: wholeLimitOf(spec), inflate: false });
  const readWhole = (request: Request, response: Response) =>
    new Promise<Buffer | undefined>((resolve, reject) => {
      whole(request, response, cause =>
        cause ? reject(cause) : resolve(Buffer.isBuffer(request.body) ? request.body : undefined),
      );
    });

  return async (request, response) => {
    // A file may be empty, and then has a type all the same.
    const mayBeFile = takesFiles && request.headers['content-type'] !== undefined;
    if (!hasBody(request) && !mayBeFile) {
      if (onlyFiles) throw bodyRequired();
      return none;
    }
    if (!/^(?:identity)?$/i.test(request.get('content-encoding') ?? '')) throw unsupportedCoding();
    const { kind, type } = kindOf(kinds, request.headers['content-type']);
    if (!isStreamed(kind)) {
      const bytes = await readWhole(request, response);
      if (!bytes?.length) return none;
      return {
        ...none,
        kind,
        value: kind.kind === 'form' ? parseForm(bytes, kind) : parseJson(bytes, spec.valueLimit),
      };
    }
    const bytes = received(request, kind.maxBytes);
    // Only where it tells one request from another.
    const hashed = keyField !== undefined || request.headers['idempotency-key'] !== undefined;
    if (kind.kind === 'raw') return { kind, value: {}, upload: rawUpload(bytes, type, hashed) };
    const { fields, upload } = await readMultipart(request.headers, bytes, kind, hashed);
    return { kind, value: fields, upload };
  };
}

function bodyRequired() {
  return ValidationFailed(undefined, [{ field: 'body', code: 'required', reason: 'is required' }]);
}
