import type { Permission } from '@rivergate/caller';
import {
  endpoints,
  Id,
  type ReceivedFile,
  RequestTooLarge,
  raw,
  reply,
  requestTarget,
  Timestamp,
} from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { z } from 'zod';
import {
  UploadExpired,
  UploadNotFound,
  UploadOffsetConflict,
  UploadQuotaExceeded,
  UploadVersionNotSupported,
} from './errors.ts';
import { pieces } from './pieces.ts';
import {
  CreationHeaders,
  OffsetHeaders,
  readMetadata,
  requireVersion,
  stateHeaders,
  VersionHeaders,
  versionHeader,
} from './protocol.ts';
import { type ReceivingContext, receive } from './receive.ts';
import {
  addPiece,
  countUnkept,
  createUpload,
  endUpload,
  keepUpload,
  type Owner,
  uploadOf,
} from './upload-store.ts';

export interface UploadsDeclaration {
  /** What is uploaded, in operations: `Attachment` makes `createAttachmentUpload` and the like. */
  name: string;
  /** Of the collection. Without `:org_id` the uploads belong to the active organization. */
  path: string;
  caller: 'user' | 'admin' | `perm:${Permission}`;
  /** Bytes of one upload. */
  maxBytes: number;
  /** What a client tells of a file beside its content, as text. */
  metadata: z.ZodObject;
  /** How many a user may have that nothing keeps yet; default 10. */
  maxUnkept?: number;
  /** Seconds after its last piece until an upload expires that nothing keeps; default a day. */
  lifetime?: number;
}

const UploadState = z.object({
  upload: z.object({
    id: z.string().meta({ examples: ['pQ7sD9fG2hJ4kL6zX8cVt2bX8cN4mQ6wE0rT1yU3iO5'] }),
    length: z.int().nullable(),
    received: z.int(),
    expires_at: Timestamp.nullable(),
  }),
});

const OFFSET_TYPE = 'application/offset+octet-stream';

/**
 * Uploads that go on where they broke off: the endpoints of tus 1.0.0 (core, creation, expiration, termination). What has
 * come to its end is for the capability to keep.
 */
export function uploads({
  name,
  path,
  caller: rule,
  maxBytes,
  metadata,
  maxUnkept = 10,
  lifetime = 86_400,
}: UploadsDeclaration) {
  const endpoint = endpoints();
  const onePath = `${path}/:upload_id`;
  const inPath = path.includes(':org_id');
  const place = inPath ? { org_id: Id } : {};
  const active: { activeOrganization?: true } = inPath ? {} : { activeOrganization: true };
  const shared = { ...active, caller: rule, idempotency: false } as const;
  const one = {
    ...shared,
    path: onePath,
    params: z.object({ ...place, upload_id: z.string().regex(/^[A-Za-z0-9_-]{43}$/) }),
  } as const;
  const owned = (caller: Omit<Owner, 'purpose'>): Owner => ({
    organizationId: caller.organizationId,
    userId: caller.userId,
    purpose: path,
  });

  const create = endpoint(
    {
      ...shared,
      operation: `create${name}Upload`,
      method: 'post',
      path,
      summary: 'Begin a resumable upload',
      description: `By tus 1.0.0. Location says where its content goes, of at most ${maxBytes} bytes.`,
      params: z.object(place),
      headers: CreationHeaders,
      status: 201,
      answer: UploadState,
      errors: [UploadQuotaExceeded, UploadVersionNotSupported],
    },
    {
      check({ headers }) {
        requireVersion(headers);
        if (headers['upload-length'] <= maxBytes) return;
        throw RequestTooLarge(undefined, [
          { field: 'headers.upload-length', code: 'too_big', reason: `must be at most ${maxBytes}` },
        ]);
      },
      async handle({ headers, params, caller, db }) {
        const told = readMetadata(headers['upload-metadata'], metadata);
        if ((await countUnkept(db, owned(caller))) >= maxUnkept) throw UploadQuotaExceeded();
        const length = headers['upload-length'];
        const upload = await createUpload(db, owned(caller), { length, metadata: told, lifetime });
        const target = requestTarget({ path: onePath }, { params: { ...params, upload_id: upload.id } });
        return reply(stateOf(upload), { headers: { ...stateHeaders(upload), Location: target.path } });
      },
    },
  );

  const get = endpoint(
    {
      ...one,
      operation: `get${name}Upload`,
      method: 'get',
      summary: 'How far an upload has come',
      description: 'HEAD asks for the headers alone: Upload-Offset, Upload-Length, Upload-Expires.',
      answer: UploadState,
      errors: [UploadNotFound, UploadExpired],
    },
    async ({ params, caller, db }) => {
      const upload = await uploadOf(db, owned(caller), params.upload_id);
      return reply(stateOf(upload), { headers: stateHeaders(upload) });
    },
  );

  const append = endpoint(
    {
      ...one,
      operation: `append${name}Upload`,
      method: 'patch',
      summary: 'Go on with an upload',
      description: 'What has come is kept, also where the connection breaks.',
      headers: OffsetHeaders,
      accepts: [raw({ types: [OFFSET_TYPE], maxBytes })],
      status: 204,
      errors: [UploadNotFound, UploadExpired, UploadOffsetConflict, UploadVersionNotSupported],
    },
    {
      check: ({ headers }) => requireVersion(headers),
      async prepare({ params, headers, files, caller, briefly }) {
        const owner = owned(caller);
        let offset = headers['upload-offset'];
        const begun = await briefly(db => uploadOf(db, owner, params.upload_id));
        if (begun.received !== offset || begun.expires_at === null) throw UploadOffsetConflict();
        for await (const { content } of files) {
          for await (const piece of pieces(content)) {
            if (offset + piece.length > begun.length!) throw RequestTooLarge();
            await briefly(db => addPiece(db, owner, params.upload_id, { offset, content: piece, lifetime }));
            offset += piece.length;
          }
        }
        return offset;
      },
      async handle({ params, caller, prepared, db }) {
        const upload = await uploadOf(db, owned(caller), params.upload_id);
        return reply(undefined, { headers: stateHeaders({ ...upload, received: prepared }) });
      },
    },
  );

  const end = endpoint(
    {
      ...one,
      operation: `end${name}Upload`,
      method: 'delete',
      summary: 'End an upload and forget its content',
      headers: VersionHeaders,
      status: 204,
      errors: [UploadNotFound, UploadExpired, UploadVersionNotSupported],
    },
    {
      check: ({ headers }) => requireVersion(headers),
      async handle({ params, caller, db }) {
        await endUpload(db, owned(caller), params.upload_id);
        return reply(undefined, { headers: versionHeader });
      },
    },
  );

  return {
    endpoints: [create, get, append, end],
    /** Keeps an upload of the caller that has come to its end; see `keepUpload`. */
    keep: (db: Knex.Transaction, caller: Omit<Owner, 'purpose'>, id: string) =>
      keepUpload(db, owned(caller), id),
    /** Stores a file that came in one request; see `receive`. */
    receive: (context: ReceivingContext, file: Pick<ReceivedFile, 'content'>) => receive(context, path, file),
  };
}

function stateOf({ id, length, received, expires_at }: Parameters<typeof stateHeaders>[0]) {
  return { upload: { id, length, received, expires_at } };
}
