import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isoCBOR } from '@simplewebauthn/server/helpers';

/** COSE algorithms that the authenticator can be told to use. */
export const ES256 = -7;
export const EDDSA = -8;
export const RS256 = -257;

/** What an authenticator and its browser can get wrong, or lie about. */
export interface Deviation {
  origin?: string;
  rpId?: string;
  type?: string;
  challenge?: string;
  crossOrigin?: boolean;
  userVerified?: boolean;
  userPresent?: boolean;
  signCount?: number;
  userHandle?: string | null;
  /** What the key says of itself; -65535 is RS1. */
  alg?: number;
  /** Attestation statement in place of none. */
  attestation?: { fmt: string; attStmt: Map<string, unknown> };
}

type CreationOptions = { challenge: string; rp: { id: string }; user: { id: string } };
type RequestOptions = { challenge: string; rpId: string };

/** Authenticator and browser in one: makes and uses one credential (WebAuthn Level 3, sections 5.1 and 6.3). */
export interface SoftwareAuthenticator {
  credentialId: string;
  signCount: number;
  /** The value of navigator.credentials.create, as its `toJSON()` gives it. */
  create(options: CreationOptions, deviation?: Deviation): Attestation;
  /** The same with an attestation that the new key signs itself (section 8.2). */
  selfAttested(options: CreationOptions): Attestation;
  /** The value of navigator.credentials.get. */
  get(options: RequestOptions, deviation?: Deviation): Assertion;
}

export type Attestation = ReturnType<typeof attestationOf>;
export type Assertion = ReturnType<typeof assertionOf>;

const KEY_PAIRS = {
  [ES256]: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  [EDDSA]: () => generateKeyPairSync('ed25519'),
  [RS256]: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
};

/** @param origin of the page on which it is used */
export function softwareAuthenticator(
  origin: string,
  alg: keyof typeof KEY_PAIRS = ES256,
  id = randomBytes(32),
): SoftwareAuthenticator {
  const { publicKey, privateKey } = KEY_PAIRS[alg]();
  let userHandle: string | null = null;
  const signed = (data: Buffer, client: Buffer) => {
    const content = Buffer.concat([data, createHash('sha256').update(client).digest()]);
    return sign(alg === EDDSA ? null : 'sha256', content, privateKey);
  };
  const authenticator: SoftwareAuthenticator = {
    credentialId: id.toString('base64url'),
    signCount: 0,
    selfAttested(options) {
      const { response } = authenticator.create(options);
      const [data, client] = [response.authenticatorData, response.clientDataJSON].map(text =>
        Buffer.from(text, 'base64url'),
      ) as [Buffer, Buffer];
      const signature = signed(data, client);
      const attStmt = new Map<string, unknown>([
        ['alg', alg],
        ['sig', new Uint8Array(signature)],
      ]);
      return authenticator.create(options, { attestation: { fmt: 'packed', attStmt } });
    },
    create(options, deviation = {}) {
      userHandle = options.user.id;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(id.length);
      const key = coseKey(publicKey, deviation.alg ?? alg);
      const attested = Buffer.concat([Buffer.alloc(16), length, id, isoCBOR.encode(key)]);
      const data = authenticatorData(options.rp.id, authenticator.signCount, deviation, attested);
      return attestationOf(id, data, clientData('webauthn.create', origin, options, deviation), deviation);
    },
    get(options, deviation = {}) {
      authenticator.signCount += 1;
      const data = authenticatorData(options.rpId, authenticator.signCount, deviation);
      const client = clientData('webauthn.get', origin, options, deviation);
      const signature = signed(data, client);
      const handle = deviation.userHandle === undefined ? userHandle : deviation.userHandle;
      return assertionOf(id, { data, client, signature, handle });
    },
  };
  return authenticator;
}

const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');

function attestationOf(
  id: Buffer,
  data: Buffer,
  client: Buffer,
  { attestation = { fmt: 'none', attStmt: new Map() } }: Deviation,
) {
  const { fmt, attStmt } = attestation;
  const object = new Map<string, unknown>([
    ['fmt', fmt],
    ['attStmt', attStmt],
    ['authData', new Uint8Array(data)],
  ]);
  return {
    id: base64url(id),
    rawId: base64url(id),
    type: 'public-key',
    authenticatorAttachment: 'platform',
    clientExtensionResults: { credProps: { rk: true } },
    response: {
      attestationObject: base64url(isoCBOR.encode(object as never)),
      clientDataJSON: base64url(client),
      authenticatorData: base64url(data),
      publicKeyAlgorithm: -7,
      transports: ['internal', 'hybrid', 'of tomorrow'],
    },
  };
}

function assertionOf(
  id: Buffer,
  {
    data,
    client,
    signature,
    handle,
  }: Record<'data' | 'client' | 'signature', Buffer> & {
    handle: string | null;
  },
) {
  return {
    id: base64url(id),
    rawId: base64url(id),
    type: 'public-key',
    authenticatorAttachment: 'platform',
    clientExtensionResults: {},
    response: {
      authenticatorData: base64url(data),
      clientDataJSON: base64url(client),
      signature: base64url(signature),
      userHandle: handle,
    },
  };
}

function clientData(
  type: string,
  origin: string,
  { challenge }: { challenge: string },
  own: Deviation,
): Buffer {
  const crossOrigin = own.crossOrigin ?? false;
  return Buffer.from(
    JSON.stringify({
      type: own.type ?? type,
      challenge: own.challenge ?? challenge,
      origin: own.origin ?? origin,
      crossOrigin,
    }),
  );
}

/** WebAuthn Level 3, section 6.1: hash of the RP id, flags, counter, and the attested credential of a new one. */
function authenticatorData(
  rpId: string,
  signCount: number,
  own: Deviation,
  attested: Buffer = Buffer.alloc(0),
): Buffer {
  const flags =
    ((own.userPresent ?? true) ? 0x01 : 0) |
    ((own.userVerified ?? true) ? 0x04 : 0) |
    (attested.length > 0 ? 0x40 : 0);
  const counted = Buffer.alloc(5);
  counted.writeUInt8(flags, 0);
  counted.writeUInt32BE(own.signCount ?? signCount, 1);
  const hash = createHash('sha256')
    .update(own.rpId ?? rpId)
    .digest();
  return Buffer.concat([hash, counted, attested]);
}

/** RFC 9053, section 7; RFC 8230, section 4. */
function coseKey(publicKey: KeyObject, alg: number): Map<number, number | Uint8Array> {
  const { kty, x, y, n, e } = publicKey.export({ format: 'jwk' });
  const bytes = (text: string | undefined) => new Uint8Array(Buffer.from(text!, 'base64url'));
  const members: Record<string, [number, number | Uint8Array][]> = {
    EC: [
      [1, 2],
      [-1, 1],
      [-2, bytes(x ?? '')],
      [-3, bytes(y ?? '')],
    ],
    OKP: [
      [1, 1],
      [-1, 6],
      [-2, bytes(x ?? '')],
    ],
    RSA: [
      [1, 3],
      [-1, bytes(n ?? '')],
      [-2, bytes(e ?? '')],
    ],
  };
  return new Map([[3, alg], ...members[kty!]!]);
}
