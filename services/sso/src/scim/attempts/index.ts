import { acrossOrganizations } from '@rivergate/endpoint';
import { ofMember, type Schedule } from '@rivergate/service';
import type { SsoTools } from '../../endpoint.ts';
import { forgetOldAttempts } from './attempt-store.ts';
import { listAttempts } from './list-attempts.ts';

export const tag = 'SSO';
export const endpoints = [listAttempts];
export const schedules: Schedule<SsoTools>[] = [
  {
    name: 'forget old SCIM requests',
    every: 3_600,
    run: ({ knex }) =>
      knex.transaction(async db => {
        await acrossOrganizations(db);
        await forgetOldAttempts(db);
      }),
  },
];
export const personalData = [
  ofMember('scim_attempts', ['id', 'operation', 'status', 'detail', 'body', 'at'], {
    pagedBy: 'id',
    restricted: true,
  }),
];
