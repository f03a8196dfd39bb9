import { eraseMe } from './erase-me.ts';
import { getErasure } from './get-erasure.ts';
import { keepConfirmations } from './keep-confirmations.ts';

export const tag = 'User Management';
export const endpoints = [eraseMe, getErasure];
export const consumers = () => [keepConfirmations];
