import { event } from '@rivergate/events';
import { z } from 'zod';

export const noteDeleted = event({
  type: 'policy.note.deleted',
  version: 1,
  audit: 'note.deleted',
  summary: 'A note was deleted',
  data: z.object({ note_id: z.number().int(), author_id: z.number().int() }),
});
