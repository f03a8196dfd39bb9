import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import { type AuthenticationCode, authenticationCode } from './authentication-code.ts';

/** With what a process vouches for a principal to others: its name, its JOSE header, and a secret shared with each of them. */
export type CredentialKey = {
  name: string;
  header: string;
  /** What authenticates to another process. @throws an Error for one that INTERNAL_JWKS does not name */
  codeFor(audience: string): AuthenticationCode;
};

/** With what a process verifies: the secret of each issuer, by the encoded JOSE header that the issuer writes. */
export type CredentialKeys = ReadonlyMap<string, { name: string; secret: KeyObject }>;

type NamedKey = JsonWebKey & { kid?: string };
type KeyEnvironment = { INTERNAL_KEY?: string | undefined; INTERNAL_JWKS?: string | undefined };

const CURVE = 'X25519';

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(text: string | undefined, variable: string): unknown {
  if (!text) throw new Error(`${variable} is not set`);
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    throw new Error(`${variable} is not base64url of JSON`);
  }
}

/** The one header an issuer writes: whatever else a token claims about its algorithm finds no secret. */
function headerOf(name: string): string {
  return encode({ alg: 'HS256', typ: 'internal+jwt', kid: name });
}

/** Reads INTERNAL_KEY and INTERNAL_JWKS for a process that issues credentials. Throws if they are not what they should be. */
export function credentialKey(env: KeyEnvironment): CredentialKey {
  const own = privateKey(env);
  const others = publicKeys(env);
  const codes = new Map<string, AuthenticationCode>();
  return {
    name: own.name,
    header: headerOf(own.name),
    codeFor(audience) {
      let code = codes.get(audience);
      if (!code) {
        const other = others.get(audience);
        if (!other) throw new Error(`INTERNAL_JWKS names no ${audience}`);
        code = authenticationCode(sharedSecret(own.key, other, own.name, audience));
        codes.set(audience, code);
      }
      return code;
    },
  };
}

/** Reads INTERNAL_KEY and INTERNAL_JWKS for a process that verifies credentials. Throws if they are not what they should be. */
export function credentialKeys(env: KeyEnvironment): CredentialKeys {
  const own = privateKey(env);
  return new Map(
    [...publicKeys(env)].map(([issuer, key]) => [
      headerOf(issuer),
      { name: issuer, secret: sharedSecret(own.key, key, issuer, own.name) },
    ]),
  );
}

/**
 * The secret of one issuer and one audience, which only those two can compute: static Diffie-Hellman (X25519,
 * RFC 7748), then HKDF (RFC 5869) with both names, so that the way back has another secret. No secret is ever shared
 * in configuration, and a message authentication code costs a twentieth of a signature on the hot path.
 */
function sharedSecret(own: KeyObject, other: KeyObject, issuer: string, audience: string): KeyObject {
  const agreed = diffieHellman({ privateKey: own, publicKey: other });
  const info = `rivergate internal credential\n${issuer}\n${audience}`;
  return createSecretKey(Buffer.from(hkdfSync('sha256', agreed, '', info, 32)));
}

/**
 * A key that this process and another one have, and nobody else, for a purpose of its own: by the same agreement, alike on both
 * sides.
 *
 * @returns 32 bytes
 * @throws an Error for a process that INTERNAL_JWKS does not name
 */
export function sharedKey(env: KeyEnvironment, other: string, purpose: string): Buffer {
  const own = privateKey(env);
  const publicKey = publicKeys(env).get(other);
  if (!publicKey) throw new Error(`INTERNAL_JWKS names no ${other}`);
  const agreed = diffieHellman({ privateKey: own.key, publicKey });
  const info = ['rivergate', purpose, ...[own.name, other].toSorted()].join('\n');
  return Buffer.from(hkdfSync('sha256', agreed, '', info, 32));
}

function privateKey(env: KeyEnvironment): { name: string; key: KeyObject } {
  const jwk = decode(env.INTERNAL_KEY, 'INTERNAL_KEY') as NamedKey;
  if (jwk.crv !== CURVE || !jwk.d || !jwk.kid) {
    throw new Error(`INTERNAL_KEY is no private ${CURVE} key with a kid`);
  }
  return { name: jwk.kid, key: createPrivateKey({ key: jwk, format: 'jwk' }) };
}

function publicKeys(env: KeyEnvironment): Map<string, KeyObject> {
  const { keys } = decode(env.INTERNAL_JWKS, 'INTERNAL_JWKS') as { keys?: NamedKey[] };
  if (!Array.isArray(keys)) throw new Error('INTERNAL_JWKS is no key set');
  return new Map(
    keys.map(jwk => {
      if (jwk.crv !== CURVE || !jwk.kid || jwk.d) {
        throw new Error(`INTERNAL_JWKS holds something else than public ${CURVE} keys with a kid`);
      }
      return [jwk.kid, createPublicKey({ key: jwk, format: 'jwk' })];
    }),
  );
}

/** New keys for the named processes: INTERNAL_KEY of each and the INTERNAL_JWKS that all of them share. */
export function generateInternalKeys<Name extends string>(
  names: readonly Name[],
): { INTERNAL_KEY: Record<Name, string>; INTERNAL_JWKS: string } {
  const privateKeys = {} as Record<Name, string>;
  const published: NamedKey[] = [];
  for (const name of names) {
    const pair = generateKeyPairSync('x25519');
    privateKeys[name] = encode({ ...pair.privateKey.export({ format: 'jwk' }), kid: name });
    published.push({ ...pair.publicKey.export({ format: 'jwk' }), kid: name });
  }
  return { INTERNAL_KEY: privateKeys, INTERNAL_JWKS: encode({ keys: published }) };
}
