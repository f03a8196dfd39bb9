import { createMailTable } from '@rivergate/mail';
import type { Knex } from 'knex';

/** Mails on their way out: invitations. */
export const mail = {
  name: '0002_mail',
  up: async (knex: Knex): Promise<void> => await createMailTable(knex),
};
