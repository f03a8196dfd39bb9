import type { Mail, Mailer } from '@rivergate/mail';
import type { Knex } from 'knex';

/** Sends a mail to each administrator whose membership is active, once the transaction is committed. */
export async function mailAdministrators(
  db: Knex.Transaction,
  mailer: Mailer,
  organizationId: number,
  mailTo: (address: string) => Mail,
): Promise<void> {
  const addresses: string[] = await db('scim_users as u')
    .join('people as p', 'p.user_id', 'u.user_id')
    .where({ 'u.organization_id': organizationId, 'u.status': 'active', 'u.is_admin': true })
    .orderBy('u.user_id')
    .pluck('p.email');
  for (const address of addresses) await mailer.send(db, mailTo(address));
}
