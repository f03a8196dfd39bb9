import { acrossOrganizations } from '@rivergate/endpoint';
import { ofMember, type Schedule } from '@rivergate/service';
import type { SsoTools } from '../../endpoint.ts';
import { forgetOldDeprovisions } from './brake.ts';
import { release } from './release.ts';

export const tag = 'SSO';
export const endpoints = [release];
export const schedules: Schedule<SsoTools>[] = [
  {
    name: 'forget old deprovisionings',
    every: 600,
    run: ({ knex }) =>
      knex.transaction(async db => {
        await acrossOrganizations(db);
        await forgetOldDeprovisions(db);
      }),
  },
];
export const personalData = [ofMember('scim_deprovisions', ['at'])];
