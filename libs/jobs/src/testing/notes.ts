import { error, Id, RateLimited } from '@rivergate/endpoint';
import { jobEvents } from '@rivergate/events';
import type { Migration } from '@rivergate/service';
import { tenantTable } from '@rivergate/service';
import type { Knex } from 'knex';
import { z } from 'zod';
import { jobKinds } from '../declare.ts';

/** What the tests do at the points that an item passes. */
export interface Hooks {
  prepare?(text: string, idempotencyKey: string): Promise<void> | void;
  before?(text: string): Promise<void> | void;
  after?(text: string): Promise<void> | void;
}

export const NoteRefused = error('NOTE_REFUSED', 409, 'This note is refused');

const jobKind = jobKinds<{ hooks: Hooks }>(jobEvents('policy'));

/** A job that writes notes. Nothing in the database keeps a note from being written twice. */
export const writingNotes = jobKind(
  {
    name: 'write_notes',
    path: '/organizations/:org_id/notes/bulk-write',
    caller: 'perm:policy.write',
    input: z.object({ prefix: z.string() }),
    item: z.object({ text: z.string().meta({ examples: ['Buy milk'] }) }),
    result: z.object({ note_id: Id }),
    attempts: 3,
  },
  {
    prepare: async ({ item, idempotencyKey, hooks }) => hooks.prepare?.(item.text, idempotencyKey),
    async handle({ input, item, db, caller, hooks }) {
      await hooks.before?.(item.text);
      if (item.text.startsWith('refused')) throw NoteRefused();
      if (item.text.startsWith('limited')) throw RateLimited(undefined, [], { 'Retry-After': '3600' });
      const [note] = await db('notes')
        .insert({ organization_id: caller.organizationId, text: `${input.prefix}${item.text}` })
        .returning('id');
      await hooks.after?.(item.text);
      return { note_id: note.id };
    },
  },
);

export const migrations: Migration[] = [
  {
    name: '0001_notes',
    async up(knex: Knex) {
      await knex.raw(`create table notes (
        id bigint generated always as identity primary key, organization_id bigint, text text)`);
      await tenantTable(knex, 'notes');
    },
  },
];

export const texts = (count: number, name = 'note') =>
  Array.from({ length: count }, (_, index) => ({ text: `${name} ${index}` }));
