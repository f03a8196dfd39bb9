import { error } from '@rivergate/endpoint';
import { pictureContent } from '@rivergate/uploads';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { pictureById, picturePath } from './picture-store.ts';

export const PictureNotFound = error('PICTURE_NOT_FOUND', 404, 'No such picture');

export const getPicture = endpoint(
  {
    operation: 'getProfilePicture',
    method: 'get',
    path: picturePath,
    summary: 'A profile picture',
    description: 'Public, so that an image element can show it; the id cannot be guessed.',
    caller: 'public',
    params: z.object({ picture_id: z.string().regex(/^[A-Za-z0-9_-]{43}$/) }),
    content: { 'image/png': 'binary', 'image/jpeg': 'binary', 'image/webp': 'binary', 'image/gif': 'binary' },
    errors: [PictureNotFound],
  },
  async ({ params, db }) => {
    const picture = await pictureById(db, params.picture_id);
    if (!picture) throw PictureNotFound();
    return pictureContent(picture, 'public, max-age=31536000, immutable');
  },
);
