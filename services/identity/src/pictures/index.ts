import { pictures } from '../../migrations/0005_pictures.ts';
import { getPicture } from './get-picture.ts';

export const tag = 'Pictures';
export const endpoints = [getPicture];
export const migrations = [pictures];
