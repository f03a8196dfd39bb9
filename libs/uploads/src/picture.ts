import { buffer } from 'node:stream/consumers';
import { content, type Failure, type Files } from '@rivergate/endpoint';

/** A picture that is what it says it is. */
export interface Picture {
  contentType: string;
  content: Buffer;
}

const MAGIC: Record<string, (bytes: Buffer) => boolean> = {
  'image/png': bytes =>
    bytes.subarray(0, 8).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])),
  'image/jpeg': bytes => bytes.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff])),
  'image/gif': bytes => /^GIF8[79]a$/.test(bytes.toString('latin1', 0, 6)),
  'image/webp': bytes =>
    bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP',
};

/**
 * Compares the content with its claimed type.
 *
 * @param contentType image/png, image/jpeg, image/gif or image/webp
 * @returns the picture, or what is wrong with it
 */
export function pictureOf(contentType: string, content: Buffer): Picture | string {
  if (!MAGIC[contentType]!(content)) return `is not the ${contentType} that it claims to be`;
  return { contentType, content };
}

/**
 * The picture of a request that takes exactly one, as its body or as a part.
 *
 * @param refusal of a picture with which this is wrong
 */
export async function receivedPicture(
  files: Files,
  check: (contentType: string, content: Buffer) => Picture | string,
  refusal: (reason: string) => Failure,
): Promise<Picture> {
  const pictures: Picture[] = [];
  for await (const { type, content } of files) {
    const picture = check(type, await buffer(content));
    if (typeof picture === 'string') throw refusal(picture);
    pictures.push(picture);
  }
  return pictures[0]!;
}

/** The answer with a picture, for image elements of any origin. Opened as a page, whatever its bytes are, it runs nothing. */
export function pictureContent({ contentType, content: bytes }: Picture, cacheControl: string) {
  return content(contentType, bytes, {
    headers: {
      'cache-control': cacheControl,
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'content-disposition': 'inline',
      'cross-origin-resource-policy': 'cross-origin',
    },
  });
}
