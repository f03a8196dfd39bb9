import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const PrivateKey = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('X25519'),
  x: z.string(),
  d: z.string(),
  kid: z.string(),
});
type PrivateKey = z.infer<typeof PrivateKey>;

const Secrets = z.object({
  /** base64 of 32 bytes */
  encryption_key: z.string(),
  /** Of the database's administrator, of Redis, and of each database role by its name. */
  passwords: z.record(z.string(), z.string()),
  /** What a process makes its internal credentials with, by the process's name. */
  internal_keys: z.record(z.string(), PrivateKey),
});
export type Secrets = z.infer<typeof Secrets>;

/** The fleet's secrets: made at the first start, kept in one file only its owner reads, added to when a name is new. */
export function secretsOf(directory: string, names: { passwords: string[]; processes: string[] }): Secrets {
  const file = join(directory, 'secrets.json');
  const kept = existsSync(file) ? Secrets.parse(JSON.parse(readFileSync(file, 'utf8'))) : undefined;
  const secrets: Secrets = kept ?? {
    encryption_key: randomBytes(32).toString('base64'),
    passwords: {},
    internal_keys: {},
  };
  const before = JSON.stringify(kept);
  for (const name of names.passwords) secrets.passwords[name] ??= randomBytes(24).toString('hex');
  for (const name of names.processes) secrets.internal_keys[name] ??= credentialPrivateKey(name);
  if (JSON.stringify(secrets) !== before) {
    writeFileSync(`${file}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  return secrets;
}

/** INTERNAL_KEY of a process: its private JWK. */
export function internalKey(secrets: Secrets, name: string): string {
  return encode(secrets.internal_keys[name]);
}

/** INTERNAL_JWKS: the public keys of all processes. */
export function internalJwks(secrets: Secrets): string {
  const keys = Object.values(secrets.internal_keys).map(({ d: _, ...publicKey }) => publicKey);
  return encode({ keys });
}

function credentialPrivateKey(kid: string): PrivateKey {
  const jwk = generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' });
  return PrivateKey.parse({ ...jwk, kid });
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
