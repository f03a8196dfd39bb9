import { type Picture, pictureOf } from '@rivergate/uploads';

/** 1 MiB, decoded. */
export const MAX_PICTURE_BYTES = 1024 * 1024;

const DATA_URI = /^data:(image\/(?:png|jpeg|webp|gif));base64,([A-Za-z0-9+/]+={0,2})$/;

export const PICTURE_TYPES = ['image/png', 'image/jpeg', 'image/webp', 'image/gif'];

/** @returns the picture that a data URI holds, or what is wrong with it */
export function pictureOfUri(uri: string): Picture | string {
  const [, contentType, base64] = DATA_URI.exec(uri) ?? [];
  if (!contentType || !base64) return `must be a base64 data URI of ${PICTURE_TYPES.join(', ')}`;
  const content = Buffer.from(base64, 'base64');
  if (content.length > MAX_PICTURE_BYTES) return 'must be at most 1 MiB';
  return pictureOf(contentType, content);
}
