import { acrossOrganizations } from '@rivergate/endpoint';
import type { DataSubject, PersonalData, Resources, Schedule } from '@rivergate/service';
import type { Knex } from 'knex';
import { forgetOldAttempts } from './attempt-store.ts';
import { listAttempts } from './list-attempts.ts';

export const tag = 'SSO';
export const endpoints = [listAttempts];
export const schedules: Schedule<Resources>[] = [
  {
    name: 'forget old sign-in attempts',
    every: 3_600,
    run: ({ knex }) =>
      knex.transaction(async db => {
        await acrossOrganizations(db);
        await forgetOldAttempts(db);
      }),
  },
];

/** Also those that led to no user, by the address that the provider gave. */
const onPerson = (db: Knex.Transaction, { userId, organizationId, addresses }: DataSubject) =>
  db('attempts')
    .where(organizationId === null ? {} : { organization_id: organizationId })
    .where(either => either.where({ user_id: userId }).orWhereIn('email', [...addresses]));

export const personalData: PersonalData[] = [
  {
    table: 'attempts',
    rows: onPerson,
    shows: [
      'id',
      'organization_id',
      'provider_id',
      'outcome',
      'reason',
      'received',
      'email',
      'ip',
      'started_at',
    ],
    pagedBy: 'id',
  },
];
