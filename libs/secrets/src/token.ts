import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';

/** 256 random bits, base64url: for links, refresh tokens and everything else that is looked up by its hash. */
export function oneTimeToken(): string {
  return randomBytes(32).toString('base64url');
}

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/**
 * A token for programs, which is kept and sent again and again: `prefix_` and 43 base64url characters. They have room
 * for 258 bits: 256 random ones, and a checksum in the last two (docs/decisions/0027).
 */
export function prefixedToken(prefix: string): string {
  return checksummed(`${prefix}_${oneTimeToken()}`);
}

/** The prefix of a token by its form alone, or null: three of four that are invented or mistyped have a wrong checksum. */
export function prefixOf(token: string): string | null {
  const prefix = /^([a-z]{2,10})_[\w-]{43}$/.exec(token)?.[1];
  return prefix !== undefined && token === checksummed(token) ? prefix : null;
}

/** The token with the checksum that belongs to its random bits. */
function checksummed(token: string): string {
  const last = BASE64URL.indexOf(token.at(-1)!) & ~3;
  const unsummed = token.slice(0, -1) + BASE64URL[last];
  const sum = createHash('sha256').update(unsummed).digest()[0]! >> 6;
  return token.slice(0, -1) + BASE64URL[last | sum];
}

/** Six decimal digits, leading zeros kept. Store it by `SecretBox.codeHash`, never by `tokenHash`. */
export function oneTimeCode(): string {
  return String(randomInt(1_000_000)).padStart(6, '0');
}

const LETTERS_AND_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

/** Eight characters of A-Z and 0-9, to be kept on paper: 41 bits. Store it by `SecretBox.codeHash`. */
export function backupCode(): string {
  return Array.from({ length: 8 }, () => LETTERS_AND_DIGITS[randomInt(LETTERS_AND_DIGITS.length)]).join('');
}

/** SHA-256 in hex. Only for secrets of full entropy; a guessable one needs `SecretBox.codeHash`. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Compares in time that depends on neither value nor, beyond a hash, on their lengths. */
export function equal(left: string, right: string): boolean {
  const digest = (value: string) => createHash('sha256').update(value).digest();
  return timingSafeEqual(digest(left), digest(right));
}
