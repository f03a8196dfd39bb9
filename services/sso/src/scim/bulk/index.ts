import { bulk } from './bulk.ts';

export const tag = 'SCIM';
export const endpoints = [bulk];
