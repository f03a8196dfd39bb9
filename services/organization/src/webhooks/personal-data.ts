import { catalogue } from '@rivergate/events';
import type { DataSubject, PersonalData } from '@rivergate/service';
import type { Knex } from 'knex';

/** Messages on the person, by text: a form of JSON would be made of every message. It is written without spaces. */
function onPerson(db: Knex.Transaction, { userId, organizationId, addresses }: DataSubject) {
  const patterns = [`"user_id":${userId},`, `"user_id":${userId}}`];
  const mails = addresses.map(address => `"email":${JSON.stringify(address)}`);
  return db('webhook_messages')
    .where(organizationId === null ? {} : { organization_id: organizationId })
    .whereRaw('exists (select from unnest(?::text[]) part where strpos(payload, part) > 0)', [
      [...patterns, ...mails],
    ]);
}

/** What was sent to an organization's own system stays there; what is kept to be sent again loses who it was. */
export const personalData: PersonalData[] = [
  {
    table: 'webhook_messages',
    rows: onPerson,
    shows: ['id', 'organization_id', 'type', 'occurred_at'],
    pagedBy: 'id',
    restricted: true,
    async erase({ db }, subject) {
      for (const type of await onPerson(db, subject).distinct().pluck('type')) {
        const personal = catalogue.find(declaration => declaration.type === type)?.personal ?? [];
        await onPerson(db, subject)
          .where({ type })
          .update({
            payload: db.raw(
              "jsonb_set(payload::jsonb, '{data}', (payload::jsonb -> 'data') - ?::text[])::text",
              [[...personal]],
            ),
          });
      }
    },
  },
];
