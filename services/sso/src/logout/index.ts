import { singleLogout } from '../../migrations/0013_single_logout.ts';
import { logOutOfSso } from './begin-logout.ts';
import { endedSessions } from './ended-sessions.ts';
import { logoutCallback } from './logout-callback.ts';
import { postLogout } from './post-logout.ts';
import { receiveLogout, receivePostedLogout } from './single-logout.ts';

export const tag = 'SSO';
export const endpoints = [logOutOfSso, logoutCallback, receiveLogout, receivePostedLogout, postLogout];
export const migrations = [singleLogout];
export const consumers = () => [endedSessions];
