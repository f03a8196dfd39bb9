import { exportMe } from './export-me.ts';
import { exportUser } from './export-user.ts';

export const tag = 'User Management';
export const endpoints = [exportUser, exportMe];
