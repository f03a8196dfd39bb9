import type { Mail, Mailer } from '@rivergate/mail';
import type { Knex } from 'knex';

/** Sends a mail to each active administrator, in whose account they can sign in, once the transaction is committed. */
export async function mailAdministrators(
  db: Knex.Transaction,
  mailer: Mailer,
  organizationId: number,
  mailTo: (address: string) => Mail,
): Promise<void> {
  const addresses: string[] = await db('memberships as m')
    .join('people as p', 'p.user_id', 'm.user_id')
    .where({ 'm.organization_id': organizationId, 'm.status': 'active', 'm.is_admin': true })
    .where('p.status', 'active')
    .orderBy('m.user_id')
    .pluck('p.email');
  for (const address of addresses) await mailer.send(db, mailTo(address));
}
