import { endpoints, Id, Timestamp } from '@rivergate/endpoint';
import { defineService, type Migration, runService, tenantTable } from '@rivergate/service';
import { z } from 'zod';

const notes: Migration = {
  name: '0001_notes',
  async up(knex) {
    await knex.schema.createTable('notes', table => {
      table.specificType('id', 'bigint generated always as identity primary key');
      table.bigInteger('organization_id').notNullable().index();
      table.bigInteger('author_id').notNullable();
      table.text('text').notNullable();
      table.timestamp('created_at').notNullable().defaultTo(knex.fn.now());
    });
    await tenantTable(knex, 'notes');
  },
};

const listNotes = endpoints()(
  {
    operation: 'listNotes',
    method: 'get',
    path: '/notes',
    summary: 'Notes of the active organization',
    caller: 'user',
    activeOrganization: true,
    answer: z.object({
      notes: z.array(z.object({ id: Id, author_id: Id, text: z.string(), created_at: Timestamp })),
    }),
  },
  async ({ caller, db }) => ({
    notes: await db('notes')
      .select('id', 'author_id', 'text', 'created_at')
      .where({ organization_id: caller.organizationId })
      .orderBy('id'),
  }),
);

/** One authenticated GET with one query under row-level security. */
await runService(
  defineService({ name: 'prompt', modules: [{ tag: 'Notes', endpoints: [listNotes], migrations: [notes] }] }),
);
