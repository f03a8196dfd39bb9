import type { Knex } from 'knex';

/** Mails that were decided on and not yet handed over. Their content is sealed: it holds codes and links. */
export async function createMailTable(knex: Knex): Promise<void> {
  await knex.schema.createTable('outgoing_mail', table => {
    table.specificType('id', 'bigint generated always as identity primary key');
    table.text('sealed').notNullable();
    table.timestamp('created_at').notNullable().defaultTo(knex.fn.now()).index();
  });
}

/** Until when a mail is one worker's: it is sent outside of any transaction, and no other worker takes it meanwhile. */
export async function addMailClaims(knex: Knex): Promise<void> {
  await knex.schema.alterTable('outgoing_mail', table => {
    table.timestamp('claimed_until');
  });
}
