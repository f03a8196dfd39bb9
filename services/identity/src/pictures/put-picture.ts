import { Id, multipart, raw, Timestamp } from '@rivergate/endpoint';
import { pictureOf, receivedPicture } from '@rivergate/uploads';
import { z } from 'zod';
import { CallerNotFound } from '../accounts/errors.ts';
import { endpoint } from '../endpoint.ts';
import { changeProfile, ProfileUpdateFailed } from '../profile/change-profile.ts';
import { MAX_PICTURE_BYTES, PICTURE_TYPES } from './picture.ts';
import { replacePicture } from './picture-store.ts';

const file = { types: PICTURE_TYPES, maxBytes: MAX_PICTURE_BYTES };

export const putPicture = endpoint(
  {
    operation: 'putProfilePicture',
    method: 'put',
    path: '/auth/me/picture',
    summary: 'Upload the profile picture',
    description:
      'The picture itself, or as the part `picture` of a form; it takes the place of the one before.',
    caller: 'user',
    session: true,
    accepts: [multipart({ files: { picture: file } }), raw(file)],
    answer: z.object({ user_id: Id, profile_image_url: z.string(), updated_at: Timestamp }),
    message: 'Picture updated',
    errors: [ProfileUpdateFailed, CallerNotFound],
  },
  {
    prepare: ({ files }) => receivedPicture(files, pictureOf, refusedPicture),
    async handle({ caller, prepared, db, emit, settings }) {
      const { userId } = caller;
      let profile_image_url = '';
      const { updated_at } = await changeProfile({ db, emit }, userId, ['profile_image_url'], async () => {
        profile_image_url = await replacePicture(db, userId, prepared, settings.publicUrl);
        return { profile_image_url };
      });
      return { user_id: userId, profile_image_url, updated_at };
    },
  },
);

const refusedPicture = (reason: string) =>
  ProfileUpdateFailed(`The picture ${reason}`, [{ field: 'body.picture', code: 'invalid_format', reason }]);
