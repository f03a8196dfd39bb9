import { getGuide } from './get-guide.ts';

export const tag = 'SSO';
export const endpoints = [getGuide];
