import { addMailClaims, createMailTable } from '@rivergate/mail';
import type { Knex } from 'knex';

/** Mails on their way out. */
export const mail = {
  name: '0002_mail',
  async up(knex: Knex): Promise<void> {
    await createMailTable(knex);
    await addMailClaims(knex);
  },
};
