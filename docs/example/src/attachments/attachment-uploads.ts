import { displayText } from '@rivergate/endpoint';
import { uploads } from '@rivergate/uploads';
import { z } from 'zod';

/** Large files, which go on where they broke off. */
export const attachmentUploads = uploads({
  name: 'Attachment',
  path: '/organizations/:org_id/attachment-uploads',
  caller: 'user',
  maxBytes: 1024 ** 3,
  metadata: z.object({ filename: displayText(255).optional() }),
});
