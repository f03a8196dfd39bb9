import type { PersonalData } from '@rivergate/service';
import { pictures } from '../../migrations/0005_pictures.ts';
import { deletePicture } from './delete-picture.ts';
import { getPicture } from './get-picture.ts';
import { putPicture } from './put-picture.ts';

export const tag = 'Pictures';
export const endpoints = [getPicture, putPicture, deletePicture];
export const migrations = [pictures];

export const personalData: PersonalData[] = [
  {
    table: 'pictures',
    rows: (db, { userId, organizationId }) =>
      organizationId === null
        ? db('pictures')
            .where({ user_id: userId })
            .select(db.raw("encode(content, 'base64') as content_base64"))
        : undefined,
    shows: ['content_type', 'created_at'],
  },
];
