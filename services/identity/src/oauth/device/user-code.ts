import { randomInt } from 'node:crypto';
import type { SecretBox } from '@rivergate/secrets';
import { z } from 'zod';

/** Capital consonants, which form no words and are not taken for digits (RFC 8628, section 6.1). */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';
const LENGTH = 8;

/** Eight letters, 34.5 bits, without the hyphen that they are shown with. Store it by `userCodeHash`. */
export function newUserCode(): string {
  return Array.from({ length: LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join('');
}

/** As people see it: in two halves. */
export const shownUserCode = (code: string) => `${code.slice(0, LENGTH / 2)}-${code.slice(LENGTH / 2)}`;

export const userCodeHash = (box: SecretBox, code: string) => box.codeHash(code, 'user code of a device');

/** As people type it: in small letters, with or without its hyphen. */
export const UserCode = z
  .string()
  .max(64)
  .overwrite(text => text.toUpperCase().replaceAll(/[^A-Z]/g, ''))
  .meta({ description: 'Hyphens, spaces and case do not matter', examples: ['WDJB-MJHT'] });
