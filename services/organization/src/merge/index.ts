import { acrossOrganizations } from '@rivergate/endpoint';
import { ofMember, type PersonalData, type Schedule } from '@rivergate/service';
import { leavingUsers } from '../../migrations/0018_leaving_users.ts';
import type { OrganizationTools } from '../endpoint.ts';
import { createMergeCode } from './create-merge-code.ts';
import { dropExpiredProofs } from './merge-proof-store.ts';
import { mergeUser } from './merge-user.ts';
import { redeemMergeCode } from './redeem-merge-code.ts';

export const tag = 'User Management';
export const endpoints = [mergeUser, createMergeCode, redeemMergeCode];
export const migrations = [leavingUsers];
export const schedules: Schedule<Pick<OrganizationTools, 'knex'>>[] = [
  {
    name: 'drop expired proofs of merges',
    every: 3_600,
    run: ({ knex }) =>
      knex.transaction(async db => {
        await acrossOrganizations(db);
        await dropExpiredProofs(db);
      }),
  },
];
export const personalData: PersonalData[] = [
  ofMember('merge_proofs', []),
  ofMember('merged_users', ['organization_id', 'merged_user_id', 'merged_at']),
];
