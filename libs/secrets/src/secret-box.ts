import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

/** What must be readable again later is sealed with it; what must only be compared is hashed with it. */
export interface SecretBox {
  /** AES-256-GCM with a fresh data key, itself wrapped by the master key. `context` is authenticated, not stored. */
  seal(plaintext: string, context: string): string;
  /** @throws when the sealed text was changed, or was sealed for another context or under another key */
  open(sealed: string, context: string): string;
  /** Keyed hash (HMAC-SHA256, hex) of a low-entropy code, so that a stolen table cannot be searched. */
  codeHash(code: string, context: string): string;
}

const VERSION = 1;
const NONCE = 12;
const TAG = 16;
const KEY = 32;

function encrypt(key: Buffer, plaintext: Buffer, context: Buffer): Buffer {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG }).setAAD(context);
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: Buffer, box: Buffer, context: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, box.subarray(0, NONCE), { authTagLength: TAG })
    .setAAD(context)
    .setAuthTag(box.subarray(-TAG));
  return Buffer.concat([decipher.update(box.subarray(NONCE, -TAG)), decipher.final()]);
}

/** @param encryptionKey 32 bytes in base64 (`ENCRYPTION_KEY`) */
export function secretBox(encryptionKey: string): SecretBox {
  const master = Buffer.from(encryptionKey, 'base64');
  if (master.length !== KEY) throw new Error('ENCRYPTION_KEY must be 32 bytes in base64');
  const derive = (purpose: string) =>
    Buffer.from(hkdfSync('sha256', master, '', `rivergate ${purpose}`, KEY));
  const wrappingKey = derive('data key wrapping');
  const codeKey = derive('code hashing');
  const wrappedLength = NONCE + KEY + TAG;

  return {
    seal(plaintext, context) {
      const dataKey = randomBytes(KEY);
      const bound = Buffer.from(context);
      const wrapped = encrypt(wrappingKey, dataKey, bound);
      const box = encrypt(dataKey, Buffer.from(plaintext), bound);
      return Buffer.concat([Buffer.from([VERSION]), wrapped, box]).toString('base64');
    },
    open(sealed, context) {
      const bytes = Buffer.from(sealed, 'base64');
      if (bytes[0] !== VERSION) throw new Error('Unknown version of a sealed value');
      const bound = Buffer.from(context);
      const dataKey = decrypt(wrappingKey, bytes.subarray(1, 1 + wrappedLength), bound);
      return decrypt(dataKey, bytes.subarray(1 + wrappedLength), bound).toString();
    },
    codeHash(code, context) {
      return createHmac('sha256', codeKey).update(context).update('\0').update(code).digest('hex');
    },
  };
}
