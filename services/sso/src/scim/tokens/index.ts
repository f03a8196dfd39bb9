import type { Schedule } from '@rivergate/service';
import type { SsoTools } from '../../endpoint.ts';
import { issueToken } from './issue-token.ts';
import { revokeToken } from './revoke-token.ts';
import { tokenState } from './token-state.ts';
import { forgetEndedTokens } from './token-store.ts';

export const tag = 'SSO';
export const endpoints = [issueToken, revokeToken, tokenState];
export const schedules: Schedule<SsoTools>[] = [
  { name: 'forget ended SCIM tokens', every: 21_600, run: ({ knex }) => forgetEndedTokens(knex) },
];
