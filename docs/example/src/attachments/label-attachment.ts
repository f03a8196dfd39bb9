import { displayText, form, Id, json } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { Attachment, COLUMNS } from './attachment.ts';
import { AttachmentNotFound } from './errors.ts';

export const labelAttachment = endpoint(
  {
    operation: 'labelAttachment',
    method: 'put',
    path: '/organizations/:org_id/attachments/:attachment_id/labels',
    summary: 'Label an attachment',
    caller: 'user',
    params: z.object({ org_id: Id, attachment_id: Id }),
    accepts: [json('application/json', 'application/scim+json'), form()],
    body: z.object({ labels: z.array(displayText(30)).max(10), added: z.boolean().default(false) }),
    answer: Attachment,
    errors: [AttachmentNotFound],
  },
  async ({ params, body, db }) => {
    const labels = body.added ? db.raw('labels || ?::text[]', [body.labels]) : body.labels;
    const [attachment] = await db('attachments')
      .where('id', params.attachment_id)
      .update({ labels })
      .returning(COLUMNS);
    if (!attachment) throw AttachmentNotFound();
    return attachment;
  },
);
