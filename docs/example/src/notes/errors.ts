import { error } from '@rivergate/endpoint';

export const NoteNotFound = error('NOTE_NOT_FOUND', 404, 'No such note');
