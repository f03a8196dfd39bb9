import { generateKeyPairSync } from 'node:crypto';
import type { SecretBox } from '@rivergate/secrets';
import { isoCBOR } from '@simplewebauthn/server/helpers';
import type { Knex } from 'knex';
import { type Account, accountByEmail } from '../accounts/account-store.ts';
import { type Passkey, passkeysOf } from './passkey-store.ts';

/** A credential that a login can be completed with, or a made-up one that none can. */
export interface Offered {
  credential_id: string;
  transports: string[];
  publicKey: Uint8Array;
  /** Null for a made-up one. */
  passkey: Passkey | null;
}

/**
 * What a login with this address is offered: the passkeys of its account, else one that is made up and the same each
 * time. Costs the same for every address.
 */
export async function offeredTo(
  { knex, secretBox }: { knex: Knex; secretBox: SecretBox },
  email: string,
): Promise<{ account: Account | undefined; offered: Offered[] }> {
  const account = await accountByEmail(knex, email);
  const passkeys = await passkeysOf(knex, account?.id ?? 0);
  const decoy = decoyOf(secretBox, email);
  const offered = passkeys.map(passkey => ({ ...passkey, publicKey: passkey.public_key, passkey }));
  return { account, offered: offered.length > 0 ? offered : [decoy] };
}

/** Length of the id in bytes, and transports, of what people have: phones, computers, security keys. */
const KINDS: readonly [number, string[]][] = [
  [20, ['hybrid', 'internal']],
  [16, ['hybrid', 'internal']],
  [32, ['internal']],
  [48, ['nfc', 'usb']],
];

function decoyOf(secretBox: SecretBox, email: string): Offered {
  const hash = Buffer.from(secretBox.codeHash(email, 'decoy passkey'), 'hex');
  const [length, transports] = KINDS[hash.at(-1)! % KINDS.length]!;
  const seed = hash.subarray(0, length / 2);
  return {
    credential_id: Buffer.concat([seed, markOf(secretBox, seed)]).toString('base64url'),
    transports,
    publicKey: DECOY_KEY,
    passkey: null,
  };
}

/**
 * Whether the id was made up for some address. Nobody can register one: whoever could would tell by it, of the id that
 * an address is offered, whether an account has it.
 */
export function isDecoy(secretBox: SecretBox, credentialId: string): boolean {
  const bytes = Buffer.from(credentialId, 'base64url');
  const seed = bytes.subarray(0, bytes.length / 2);
  return markOf(secretBox, seed).equals(bytes.subarray(seed.length));
}

/** The second half of a made-up id. Without the key it looks as random as the first. */
function markOf(secretBox: SecretBox, seed: Buffer): Buffer {
  const hash = secretBox.codeHash(seed.toString('hex'), 'mark of a decoy passkey');
  return Buffer.from(hash, 'hex').subarray(0, seed.length);
}

/** A key that verifies nothing: its private half is thrown away. As COSE_Key (RFC 9053, section 7.1.1). */
const DECOY_KEY = coseKey();

function coseKey(): Uint8Array {
  const { x, y } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
  const coordinate = (text: string | undefined) => new Uint8Array(Buffer.from(text!, 'base64url'));
  const [kty, alg, crv] = [2, -7, 1];
  return isoCBOR.encode(
    new Map<number, number | Uint8Array>([
      [1, kty],
      [3, alg],
      [-1, crv],
      [-2, coordinate(x)],
      [-3, coordinate(y)],
    ]),
  );
}
