import { z } from 'zod';
import { CallerNotFound } from '../accounts/errors.ts';
import { endpoint } from '../endpoint.ts';
import { changeProfile } from '../profile/change-profile.ts';
import { PictureNotFound } from './get-picture.ts';
import { dropPictures } from './picture-store.ts';

export const deletePicture = endpoint(
  {
    operation: 'deleteProfilePicture',
    method: 'delete',
    path: '/auth/me/picture',
    summary: 'Remove the profile picture',
    caller: 'user',
    session: true,
    answer: z.object({ picture: z.object({ profile_image_url: z.string() }) }),
    message: 'Picture removed',
    errors: [PictureNotFound, CallerNotFound],
  },
  async ({ caller, db, emit }) => {
    const { userId } = caller;
    let removed = '';
    await changeProfile({ db, emit }, userId, ['profile_image_url'], async stored => {
      if (stored.profile_image_url === null) throw PictureNotFound();
      removed = stored.profile_image_url;
      await dropPictures(db, userId);
      return { profile_image_url: null };
    });
    return { picture: { profile_image_url: removed } };
  },
);
