import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';

/** The private key with which a process signs internal credentials, and its name. */
export type CredentialKey = { name: string; header: string; key: KeyObject };

/** Public keys of the fleet by the encoded JOSE header that their owner writes. */
export type CredentialKeys = ReadonlyMap<string, { name: string; key: KeyObject }>;

type NamedKey = JsonWebKey & { kid?: string };

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(text: string, variable: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    throw new Error(`${variable} is not base64url of JSON`);
  }
}

/** The one header a key's owner writes: whatever else a token claims about its algorithm finds no key. */
function headerOf(name: string): string {
  return encode({ alg: 'EdDSA', typ: 'internal+jwt', kid: name });
}

/** Reads INTERNAL_KEY, the process's own private key. Throws if it is missing or no Ed25519 key with a name. */
export function credentialKey(env: { INTERNAL_KEY?: string | undefined }): CredentialKey {
  if (!env.INTERNAL_KEY) throw new Error('INTERNAL_KEY is not set');
  const jwk = decode(env.INTERNAL_KEY, 'INTERNAL_KEY') as NamedKey;
  if (jwk.crv !== 'Ed25519' || !jwk.d || !jwk.kid) {
    throw new Error('INTERNAL_KEY is no private Ed25519 key with a kid');
  }
  return {
    name: jwk.kid,
    header: headerOf(jwk.kid),
    key: createPrivateKey({ key: jwk, format: 'jwk' }),
  };
}

/** Reads INTERNAL_JWKS, the public keys of all processes of the fleet. */
export function credentialKeys(env: { INTERNAL_JWKS?: string | undefined }): CredentialKeys {
  if (!env.INTERNAL_JWKS) throw new Error('INTERNAL_JWKS is not set');
  const { keys } = decode(env.INTERNAL_JWKS, 'INTERNAL_JWKS') as { keys?: NamedKey[] };
  if (!Array.isArray(keys)) throw new Error('INTERNAL_JWKS is no key set');
  return new Map(
    keys.map(jwk => {
      if (jwk.crv !== 'Ed25519' || !jwk.kid || jwk.d) {
        throw new Error('INTERNAL_JWKS holds something else than public Ed25519 keys with a kid');
      }
      return [headerOf(jwk.kid), { name: jwk.kid, key: createPublicKey({ key: jwk, format: 'jwk' }) }];
    }),
  );
}

/** New keys for the named processes: INTERNAL_KEY of each and the INTERNAL_JWKS that all of them share. */
export function generateInternalKeys<Name extends string>(
  names: readonly Name[],
): { INTERNAL_KEY: Record<Name, string>; INTERNAL_JWKS: string } {
  const privateKeys = {} as Record<Name, string>;
  const publicKeys: NamedKey[] = [];
  for (const name of names) {
    const pair = generateKeyPairSync('ed25519');
    privateKeys[name] = encode({ ...pair.privateKey.export({ format: 'jwk' }), kid: name });
    publicKeys.push({ ...pair.publicKey.export({ format: 'jwk' }), kid: name });
  }
  return { INTERNAL_KEY: privateKeys, INTERNAL_JWKS: encode({ keys: publicKeys }) };
}
