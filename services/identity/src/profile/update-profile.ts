import { displayText, Id, Timestamp } from '@rivergate/endpoint';
import type { Picture } from '@rivergate/uploads';
import { z } from 'zod';
import { CallerNotFound } from '../accounts/errors.ts';
import { endpoint } from '../endpoint.ts';
import { MAX_PICTURE_BYTES, pictureOfUri } from '../pictures/picture.ts';
import { dropPictures, replacePicture } from '../pictures/picture-store.ts';
import { changeProfile, ProfileUpdateFailed } from './change-profile.ts';
import { depthOf, mergeProfile } from './merge-profile.ts';
import { isDataUri, PictureAddress } from './picture-address.ts';
import type { ProfileChange } from './profile-store.ts';

const MAX_PROFILE_BYTES = 32 * 1024;
const MAX_PROFILE_DEPTH = 8;

const Profile = z
  .record(z.string(), z.unknown())
  .refine(
    profile =>
      ['bio', 'location'].every(key => ['string', 'undefined'].includes(typeof (profile[key] ?? undefined))),
    {
      error: 'bio and location must be text',
      params: { code: 'invalid_type' },
    },
  )
  .meta({ description: 'Merged into the stored document (RFC 7396); null removes a key' });

export const updateProfile = endpoint(
  {
    operation: 'updateProfile',
    method: 'put',
    path: '/auth/me/profile',
    summary: 'Change display name, picture, profile document',
    caller: 'user',
    session: true,
    body: z.object({
      display_name: displayText(100)
        .optional()
        .meta({ examples: ['Ada Lovelace'] }),
      profile_image_url: PictureAddress.nullable().optional(),
      profile: Profile.optional(),
    }),
    answer: z.object({
      user_id: Id,
      display_name: z.string(),
      profile_image_url: z.string().nullable(),
      profile: z.record(z.string(), z.unknown()),
      updated_at: Timestamp,
    }),
    message: 'Profile updated',
    errors: [ProfileUpdateFailed, CallerNotFound],
    // The picture in base64, the document, and room for the rest.
    bodyLimit: Math.ceil((MAX_PICTURE_BYTES * 4) / 3) + 256 * 1024,
  },
  async ({ body, caller, db, emit, settings }) => {
    const { userId } = caller;
    const fields = Object.keys(body).filter(field => body[field as keyof typeof body] !== undefined);
    if (fields.length === 0) throw ProfileUpdateFailed('Give at least one field');
    const picture = readGivenPicture(body.profile_image_url);

    const saved = await changeProfile({ db, emit }, userId, fields, async stored => {
      const change: ProfileChange = { display_name: body.display_name };
      if (body.profile) change.profile = mergedWithinBounds(stored.profile, body.profile);
      if (picture) {
        change.profile_image_url = await replacePicture(db, userId, picture, settings.publicUrl);
      } else if (
        body.profile_image_url !== undefined &&
        body.profile_image_url !== stored.profile_image_url
      ) {
        await dropPictures(db, userId);
        change.profile_image_url = body.profile_image_url;
      }
      return change;
    });
    return {
      user_id: userId,
      display_name: saved.display_name,
      profile_image_url: saved.profile_image_url,
      profile: saved.profile,
      updated_at: saved.updated_at,
    };
  },
);

function readGivenPicture(url: string | null | undefined): Picture | undefined {
  if (typeof url !== 'string' || !isDataUri(url)) return undefined;
  const picture = pictureOfUri(url);
  if (typeof picture !== 'string') return picture;
  throw ProfileUpdateFailed(`The picture ${picture}`, [
    { field: 'body.profile_image_url', code: 'invalid_format', reason: picture },
  ]);
}

function mergedWithinBounds(stored: Record<string, unknown>, given: Record<string, unknown>) {
  const merged = mergeProfile(stored, given);
  if (depthOf(merged) > MAX_PROFILE_DEPTH) {
    throw ProfileUpdateFailed(undefined, [
      { field: 'body.profile', code: 'too_big', reason: `nests deeper than ${MAX_PROFILE_DEPTH} levels` },
    ]);
  }
  if (Buffer.byteLength(JSON.stringify(merged)) > MAX_PROFILE_BYTES) {
    throw ProfileUpdateFailed(undefined, [
      { field: 'body.profile', code: 'too_big', reason: 'is larger than 32 KiB after the merge' },
    ]);
  }
  return merged;
}
