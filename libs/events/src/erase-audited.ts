import type { Knex } from 'knex';

/**
 * Takes from this service's audit log what tells who a person is and from where they acted. The entries stay, with the id of
 * the user, of which nothing tells any more whose it was.
 *
 * @param addresses mail addresses of the person
 * @param organizationId only in its entries; null: in all
 */
export async function eraseAudited(
  db: Knex.Transaction,
  person: { userId: number; organizationId: number | null; addresses: readonly string[] },
): Promise<void> {
  await db.raw('select erase_audited_person(:userId, :addresses, :organizationId)', {
    ...person,
    addresses: [...person.addresses],
  });
}
