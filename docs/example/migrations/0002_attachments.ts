import { type Migration, tenantTable } from '@rivergate/service';

export const attachments: Migration = {
  name: '0002_attachments',
  async up(knex) {
    await knex.schema.createTable('attachments', table => {
      table.specificType('id', 'bigint generated always as identity primary key');
      table.bigInteger('organization_id').notNullable();
      table.bigInteger('author_id').notNullable();
      table.text('title').notNullable();
      table.text('filename');
      table.text('upload_id').notNullable().unique();
      table.bigInteger('size').notNullable();
      table.specificType('labels', 'text[]').notNullable().defaultTo('{}');
    });
    await tenantTable(knex, 'attachments');
  },
};
