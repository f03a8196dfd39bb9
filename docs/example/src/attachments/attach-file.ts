import { displayText, Id, multipart, raw } from '@rivergate/endpoint';
import { discardUpload, type Received } from '@rivergate/uploads';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { Attachment, COLUMNS } from './attachment.ts';
import { attachmentUploads } from './attachment-uploads.ts';

const file = { types: ['application/pdf', 'application/octet-stream'], maxBytes: 100 * 1024 * 1024 };

export const attachFile = endpoint(
  {
    operation: 'attachFile',
    method: 'post',
    path: '/organizations/:org_id/attachments',
    summary: 'Attach a file',
    caller: 'user',
    params: z.object({ org_id: Id }),
    accepts: [multipart({ files: { file } }), raw(file)],
    body: z.object({ title: displayText(100).default('Untitled') }),
    status: 201,
    answer: Attachment,
  },
  {
    async prepare({ files, ...context }) {
      const received: (Received & { filename: string | null })[] = [];
      for await (const one of files)
        received.push({ ...(await attachmentUploads.receive(context, one)), filename: one.filename });
      return received[0]!;
    },
    async undo({ prepared, briefly }) {
      await briefly(db => discardUpload(db, prepared.id), { takingBack: true });
    },
    async handle({ body, caller, prepared, db }) {
      await attachmentUploads.keep(db, caller, prepared.id);
      const [attachment] = await db('attachments')
        .insert({
          organization_id: caller.organizationId,
          author_id: caller.userId,
          title: body.title,
          filename: prepared.filename,
          upload_id: prepared.id,
          size: prepared.bytes,
        })
        .returning(COLUMNS);
      return attachment;
    },
  },
);
