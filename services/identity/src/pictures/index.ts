import { pictures } from '../../migrations/0005_pictures.ts';
import { deletePicture } from './delete-picture.ts';
import { getPicture } from './get-picture.ts';
import { putPicture } from './put-picture.ts';

export const tag = 'Pictures';
export const endpoints = [getPicture, putPicture, deletePicture];
export const migrations = [pictures];
