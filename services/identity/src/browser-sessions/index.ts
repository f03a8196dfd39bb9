import type { Schedule } from '@rivergate/service';
import { browserSessions } from '../../migrations/0026_browser_sessions.ts';
import type { IdentityTools } from '../endpoint.ts';
import { dropSecretsOfEndedSessions } from './browser-session-store.ts';
import { endBrowserSession } from './end-browser-session.ts';
import { issueBrowserToken } from './issue-token.ts';
import { keepBrowserSession } from './keep-browser-session.ts';

export const tag = 'Sessions';
export const endpoints = [keepBrowserSession, issueBrowserToken, endBrowserSession];
export const migrations = [browserSessions];
export const schedules: Schedule<IdentityTools>[] = [
  {
    name: 'drop secrets of ended browser sessions',
    every: 3_600,
    run: ({ knex }) => dropSecretsOfEndedSessions(knex),
  },
];
