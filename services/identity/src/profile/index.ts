import { me } from './me.ts';
import { updateProfile } from './update-profile.ts';

export const tag = 'Authentication';
export const endpoints = [me, updateProfile];
