/** A picture that is what it says it is. */
export interface Picture {
  contentType: string;
  content: Buffer;
}

/** 1 MiB, decoded. */
export const MAX_PICTURE_BYTES = 1024 * 1024;

const DATA_URI = /^data:(image\/(?:png|jpeg|webp|gif));base64,([A-Za-z0-9+/]+={0,2})$/;

export const PICTURE_TYPES = ['image/png', 'image/jpeg', 'image/webp', 'image/gif'];

const MAGIC: Record<string, (bytes: Buffer) => boolean> = {
  'image/png': bytes =>
    bytes.subarray(0, 8).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])),
  'image/jpeg': bytes => bytes.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff])),
  'image/gif': bytes => /^GIF8[79]a$/.test(bytes.toString('latin1', 0, 6)),
  'image/webp': bytes =>
    bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP',
};

/** @returns the picture that a data URI holds, or what is wrong with it */
export function pictureOfUri(uri: string): Picture | string {
  const [, contentType, base64] = DATA_URI.exec(uri) ?? [];
  if (!contentType || !base64) return `must be a base64 data URI of ${PICTURE_TYPES.join(', ')}`;
  return pictureOf(contentType, Buffer.from(base64, 'base64'));
}

/**
 * Compares the content with its claimed type.
 *
 * @param contentType one of PICTURE_TYPES
 * @returns the picture, or what is wrong with it
 */
export function pictureOf(contentType: string, content: Buffer): Picture | string {
  if (content.length > MAX_PICTURE_BYTES) return 'must be at most 1 MiB';
  if (!MAGIC[contentType]!(content)) return `is not the ${contentType} that it claims to be`;
  return { contentType, content };
}
