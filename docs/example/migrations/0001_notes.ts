import { type Migration, tenantTable } from '@rivergate/service';

export const notes: Migration = {
  name: '0001_notes',
  async up(knex) {
    await knex.schema.createTable('notes', table => {
      table.specificType('id', 'bigint generated always as identity primary key');
      table.bigInteger('organization_id').notNullable();
      table.bigInteger('author_id').notNullable();
      table.text('text').notNullable();
    });
    await tenantTable(knex, 'notes');
  },
};
