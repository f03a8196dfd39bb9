import { ofUser, type Schedule } from '@rivergate/service';
import { signInNotices } from '../../migrations/0022_sign_in_notices.ts';
import type { IdentityTools } from '../endpoint.ts';
import { notMe } from './not-me.ts';
import { dropOldNotices } from './notice-store.ts';
import { tellOfSignIn } from './tell-of-sign-in.ts';

export const tag = 'Authentication';
export const endpoints = [notMe];
export const migrations = [signInNotices];
export const consumers = (tools: IdentityTools) => [tellOfSignIn(tools)];
export const schedules: Schedule<IdentityTools>[] = [
  { name: 'drop old sign-in notices', every: 3_600, run: ({ knex }) => dropOldNotices(knex) },
];
export const personalData = [ofUser('sign_in_notices', [])];
