import { createHmac, hash, type KeyObject } from 'node:crypto';

/** Bytes of a block of SHA-256, and of what is hashed without memory of its own. */
const BLOCK = 64;
const SCRATCH = 4_096;

/** HMAC with SHA-256 (RFC 2104) of an ASCII text, in base64url. */
export type AuthenticationCode = (text: string) => string;

/**
 * Computes what `createHmac` does, as RFC 2104 defines it: the hash of the outer pad and the hash of the inner pad and
 * the text. `createHmac` makes an object for each, which the collector of garbage has to finalize; this makes none.
 */
export function authenticationCode(secret: KeyObject): AuthenticationCode {
  const key = secret.export();
  // A longer key would have to be hashed first.
  if (key.length > BLOCK) throw new Error('The secret is longer than a block of SHA-256');
  const inner = Buffer.alloc(SCRATCH);
  const outer = Buffer.alloc(BLOCK + 32);
  for (let index = 0; index < BLOCK; index++) {
    inner[index] = 0x36 ^ (key[index] ?? 0);
    outer[index] = 0x5c ^ (key[index] ?? 0);
  }
  return text => {
    if (text.length > SCRATCH - BLOCK) return createHmac('sha256', secret).update(text).digest('base64url');
    const length = inner.write(text, BLOCK, 'latin1');
    outer.write(hash('sha256', inner.subarray(0, BLOCK + length), 'binary'), BLOCK, 'binary');
    return hash('sha256', outer, 'base64url');
  };
}
