import type { Schedule } from '@rivergate/service';
import { guessingNotice } from '../../migrations/0009_guessing_notice.ts';
import type { IdentityTools } from '../endpoint.ts';
import { chooseSecondFactor } from './choose-second-factor.ts';
import { login } from './login.ts';
import { loginHistory } from './login-history.ts';
import { dropExpiredPendingLogins } from './pending-login-store.ts';
import { tellOfGuessing } from './tell-of-guessing.ts';
import { verifySecondFactor } from './verify-second-factor.ts';

export const tag = 'Authentication';
export const endpoints = [login, chooseSecondFactor, verifySecondFactor, loginHistory];
export const migrations = [guessingNotice];
export const consumers = (tools: IdentityTools) => [tellOfGuessing(tools)];
export const schedules: Schedule<IdentityTools>[] = [
  { name: 'drop expired pending logins', every: 3_600, run: ({ knex }) => dropExpiredPendingLogins(knex) },
];
