import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';

/** 256 random bits, base64url: for links, refresh tokens and everything else that is looked up by its hash. */
export function oneTimeToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Six decimal digits, leading zeros kept. Store it by `SecretBox.codeHash`, never by `tokenHash`. */
export function oneTimeCode(): string {
  return String(randomInt(1_000_000)).padStart(6, '0');
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
