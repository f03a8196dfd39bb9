import { generate } from 'lean-qr';
import { toPngDataURL } from 'lean-qr/extras/node_export';
import { Secret, TOTP } from 'otpauth';

const PERIOD = 30;
/** Steps that a clock may be off, each way (RFC 6238, section 5.2). */
const TOLERANCE = 1;
const FORM = { algorithm: 'SHA1', digits: 6, period: PERIOD } as const;

/** 160 random bits in base32, as RFC 4226 recommends in section 4. */
export function newTotpSecret(): string {
  return new Secret({ size: 20 }).base32;
}

/**
 * The 30-second step that a code belongs to (RFC 6238), or null for a wrong one.
 *
 * @param secret base32
 * @param at milliseconds since 1970
 */
export function stepOfCode(secret: string, code: string, at = Date.now()): number | null {
  const totp = new TOTP({ ...FORM, secret: Secret.fromBase32(secret) });
  const off = totp.validate({ token: code, window: TOLERANCE, timestamp: at });
  return off === null ? null : Math.floor(at / (PERIOD * 1000)) + off;
}

/** The picture by which an authenticator learns a secret: a PNG, as a data URI, of its otpauth URI. */
export function totpQrCode(secret: string, account: string): string {
  const uri = new TOTP({ ...FORM, issuer: 'Rivergate', label: account, secret: Secret.fromBase32(secret) });
  return toPngDataURL(generate(uri.toString()), { on: [0, 0, 0], off: [255, 255, 255], pad: 4, scale: 6 });
}
