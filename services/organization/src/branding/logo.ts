import { type Picture, pictureOf } from '@rivergate/uploads';
import { imageSize } from 'image-size';

export const LOGO_TYPES = ['image/png', 'image/jpeg', 'image/webp'];
/** 64 KiB: it is loaded with each page. */
export const MAX_LOGO_BYTES = 64 * 1024;
/** Pixels: few bytes can be a picture that takes a browser gigabytes. */
const MAX_SIDE = 2_048;

/**
 * Compares the content with its claimed type and the bounds of a logo.
 *
 * @param contentType one of LOGO_TYPES
 * @returns the logo, or what is wrong with it
 */
export function logoOf(contentType: string, content: Buffer): Picture | string {
  const picture = pictureOf(contentType, content);
  if (typeof picture === 'string') return picture;
  const size = sizeOf(content);
  if (!size || Math.min(size.width, size.height) < 1) return 'has no size that can be read';
  if (Math.max(size.width, size.height) > MAX_SIDE) return `must be at most ${MAX_SIDE} pixels wide and high`;
  // Whoever signs in cannot stop it (WCAG 2.2, 2.2.2 and 2.3.1).
  if (isAnimated(picture)) return 'must not be animated';
  return picture;
}

function sizeOf(content: Buffer): { width: number; height: number } | undefined {
  try {
    return imageSize(content);
  } catch {
    return undefined;
  }
}

/** By what has to stand before the first frame: the chunk acTL of APNG, and the flag in the chunk VP8X of WebP. */
function isAnimated({ contentType, content }: Picture): boolean {
  if (contentType === 'image/png') {
    const frame = content.indexOf('IDAT');
    return content.subarray(0, frame < 0 ? content.length : frame).includes('acTL');
  }
  if (contentType !== 'image/webp' || content.toString('latin1', 12, 16) !== 'VP8X') return false;
  return ((content[20] ?? 0) & 0b10) !== 0;
}
