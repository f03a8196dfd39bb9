import { notes } from '../../migrations/0001_notes.ts';
import { createNote } from './create-note.ts';
import { deleteNote } from './delete-note.ts';
import { deleteNotesOfRemovedMembers } from './delete-notes-of-removed-members.ts';

export const tag = 'Notes';
export const endpoints = [createNote, deleteNote];
export const migrations = [notes];
export const consumers = () => [deleteNotesOfRemovedMembers];
