import { displayText, Id } from '@rivergate/endpoint';
import { UploadExpired, UploadNotFound, UploadUnfinished } from '@rivergate/uploads';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { Attachment, COLUMNS } from './attachment.ts';
import { attachmentUploads } from './attachment-uploads.ts';

export const attachUpload = endpoint(
  {
    operation: 'attachUpload',
    method: 'post',
    path: '/organizations/:org_id/attachments/of-uploads',
    summary: 'Attach what was uploaded',
    caller: 'user',
    params: z.object({ org_id: Id }),
    body: z.object({
      upload_id: z
        .string()
        .max(100)
        .meta({ examples: ['pQ7sD9fG2hJ4kL6zX8cVt2bX8cN4mQ6wE0rT1yU3iO5'] }),
      title: displayText(100).meta({ examples: ['Plan of the attic'] }),
    }),
    status: 201,
    answer: Attachment,
    errors: [UploadNotFound, UploadExpired, UploadUnfinished],
  },
  async ({ body, caller, db }) => {
    const upload = await attachmentUploads.keep(db, caller, body.upload_id);
    const [attachment] = await db('attachments')
      .insert({
        organization_id: caller.organizationId,
        author_id: caller.userId,
        title: body.title,
        filename: upload.metadata.filename ?? null,
        upload_id: upload.id,
        size: upload.received,
      })
      .returning(COLUMNS);
    return attachment;
  },
);
