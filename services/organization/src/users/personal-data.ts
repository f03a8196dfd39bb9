import type { DataSubject, PersonalData } from '@rivergate/service';
import type { Knex } from 'knex';

const inOrganization = ({ organizationId }: DataSubject) =>
  organizationId === null ? {} : { organization_id: organizationId };

/** Jobs that the user started: what an organization had done stays its own, until it is dropped with its items. */
const jobs: PersonalData = {
  table: 'jobs',
  rows: (db, subject) => db('jobs').where({ created_by: subject.userId, ...inOrganization(subject) }),
  shows: ['id', 'organization_id', 'kind', 'status', 'total', 'created_at', 'finished_at'],
  pagedBy: 'id',
  restricted: true,
  async erase({ db }, subject) {
    await db('jobs')
      .where({ created_by: subject.userId, ...inOrganization(subject) })
      .update({ request: db.raw(`request || '{"ip": null, "userAgent": null}'`) });
  },
};

function itemsOn(db: Knex.Transaction, subject: DataSubject): Knex.QueryBuilder {
  return db('job_items')
    .where(inOrganization(subject))
    .whereRaw("item ->> 'email' = any(?)", [[...subject.addresses]]);
}

/** Addresses that a job invites. One that is worked at yet keeps them until it has come to something. */
const items: PersonalData = {
  table: 'job_items',
  rows: itemsOn,
  shows: ['id', 'organization_id', 'item', 'outcome', 'finished_at'],
  pagedBy: 'id',
  restricted: true,
  async erase({ db }, subject) {
    for (const address of subject.addresses) {
      const nameless = (column: string) =>
        db.raw(`replace(??::text, to_json(?::text)::text, '""')::jsonb`, [column, address]);
      await itemsOn(db, { ...subject, addresses: [address] })
        .whereNot({ outcome: 'pending' })
        .update({
          item: db.raw(
            `jsonb_set(jsonb_set(?, '{display_name}', 'null', false), '{message}', 'null', false)`,
            [nameless('item')],
          ),
          result: nameless('result'),
        });
    }
  },
};

export const personalData = [jobs, items];
