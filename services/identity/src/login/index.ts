import { login } from './login.ts';
import { loginHistory } from './login-history.ts';

export const tag = 'Authentication';
export const endpoints = [login, loginHistory];
