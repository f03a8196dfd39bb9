import { guessingNotice } from '../../migrations/0009_guessing_notice.ts';
import type { IdentityTools } from '../endpoint.ts';
import { login } from './login.ts';
import { loginHistory } from './login-history.ts';
import { tellOfGuessing } from './tell-of-guessing.ts';

export const tag = 'Authentication';
export const endpoints = [login, loginHistory];
export const migrations = [guessingNotice];
export const consumers = (tools: IdentityTools) => [tellOfGuessing(tools)];
