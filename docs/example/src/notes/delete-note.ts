import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { NoteNotFound } from './errors.ts';
import { noteDeleted } from './events.ts';

export const deleteNote = endpoint(
  {
    operation: 'deleteNote',
    method: 'delete',
    path: '/organizations/:org_id/notes/:note_id',
    summary: 'Delete a note',
    caller: 'admin',
    params: z.object({ org_id: Id, note_id: Id }),
    answer: z.object({ success: z.literal(true) }),
    errors: [NoteNotFound],
  },
  async ({ params, db, emit }) => {
    const [note] = await db('notes').where('id', params.note_id).delete().returning(['id', 'author_id']);
    if (!note) throw NoteNotFound();
    await emit(noteDeleted, {
      aggregateId: note.id,
      data: { note_id: note.id, author_id: note.author_id },
    });
    return { success: true } as const;
  },
);
