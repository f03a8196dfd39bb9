import { z } from 'zod';

const DATA_URI = /^data:/i;
const LONGEST = 2_048;

/** Whether the picture itself was sent, to be stored here. */
export const isDataUri = (given: string): boolean => DATA_URI.test(given);

/**
 * The URL as a browser writes it (WHATWG URL, 4.5); undefined for one that is not plain https, names a user, is longer
 * than 2048 characters, or is written with white space, control or format characters. Nothing here ever fetches it.
 */
function canonical(given: string): string | undefined {
  if (/[\s\p{C}]/u.test(given) || !URL.canParse(given)) return undefined;
  const { protocol, username, password, href } = new URL(given);
  const plain = protocol === 'https:' && username === '' && password === '';
  return plain && href.length <= LONGEST ? href : undefined;
}

/** A picture to store, as a data URI, or the address of one elsewhere, normalised. */
export const PictureAddress = z
  .string()
  .refine(
    given => isDataUri(given) || canonical(given) !== undefined,
    'must be an https URL without user name, or a base64 data URI',
  )
  .overwrite(given => (isDataUri(given) ? given : (canonical(given) ?? given)))
  .meta({
    description:
      'An https URL of at most 2048 characters, stored as a browser writes it, or a base64 data URI of a PNG, JPEG, WebP or GIF of at most 1 MiB; null removes the picture',
  });
