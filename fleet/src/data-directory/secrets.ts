import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type Secrets = {
  /** base64 of 32 bytes */
  encryption_key: string;
  /** Of the database's administrator, of Redis, and of each database role by its name. */
  passwords: Record<string, string>;
};

/**
 * The secrets that the data depends on: made at the first start, kept in one file only its owner reads, added to when
 * a name is new. The keys of internal credentials are none of them: those are new at every start.
 */
export function secretsOf(directory: string, names: string[]): Secrets {
  const file = join(directory, 'secrets.json');
  const kept = existsSync(file) ? read(file) : undefined;
  const secrets: Secrets = {
    encryption_key: kept?.encryption_key ?? randomBytes(32).toString('base64'),
    passwords: {
      ...Object.fromEntries(names.map(name => [name, randomBytes(24).toString('hex')])),
      ...kept?.passwords,
    },
  };
  if (JSON.stringify(secrets) !== JSON.stringify(kept)) {
    writeFileSync(`${file}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  return secrets;
}

/** Without these the data cannot be read: rather no start than new ones beside old data. */
function read(file: string): Secrets {
  let found: Partial<Secrets> = {};
  try {
    found = JSON.parse(readFileSync(file, 'utf8'));
  } catch {}
  if (typeof found.encryption_key === 'string' && found.passwords) return found as Secrets;
  throw new Error(`${file} is damaged. Put back a copy of it, or give up the data: npm start -- --reset`);
}
