import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';

export const createNote = endpoint(
  {
    operation: 'createNote',
    method: 'post',
    path: '/organizations/:org_id/notes',
    summary: 'Leave a note',
    caller: 'user',
    params: z.object({ org_id: Id }),
    body: z.object({
      text: z
        .string()
        .min(1)
        .max(1_000)
        .meta({ examples: ['The engine is in the attic.'] }),
    }),
    status: 201,
    answer: z.object({ id: Id, text: z.string().meta({ examples: ['The engine is in the attic.'] }) }),
  },
  async ({ params, body, caller, db }) => {
    const row = { organization_id: params.org_id, author_id: caller.userId, text: body.text };
    const [note] = await db('notes').insert(row).returning(['id', 'text']);
    return note;
  },
);
