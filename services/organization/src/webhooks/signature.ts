import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import type { SecretBox } from '@rivergate/secrets';

/** A secret as it is stored. */
export interface StoredSecret {
  sealed: string;
  /** When it signs no more; null for the one that holds. */
  until: string | null;
}

/** Bytes of a secret; the specification wants 24 to 64. */
const BYTES = 32;
const PREFIX = 'whsec_';
/** Signatures of one request: the secret that holds, and those before it. */
const MOST_SECRETS = 4;

const context = (organizationId: number) => `webhook secret of organization ${organizationId}`;

/** A new secret: to be shown once, and to be stored. */
export function newSecret(box: SecretBox, organizationId: number): { secret: string; stored: StoredSecret } {
  const secret = PREFIX + randomBytes(BYTES).toString('base64');
  return { secret, stored: { sealed: box.seal(secret, context(organizationId)), until: null } };
}

/**
 * The new secret before those that were there, which sign until then, or until the earlier time that they had.
 *
 * @param until ISO 8601
 */
export function rotated(
  stored: StoredSecret,
  before: readonly StoredSecret[],
  until: string,
  now: string,
): StoredSecret[] {
  const former = before
    .map(({ sealed, until: had }) => ({ sealed, until: had === null || had > until ? until : had }))
    .filter(secret => secret.until > now);
  return [stored, ...former].slice(0, MOST_SECRETS);
}

/** Keys of secrets that were opened, by their sealed form: to open one takes longer than all else about a signature. */
const opened = new Map<string, KeyObject>();
const MOST_OPENED = 1_000;

/** Undefined for one that was sealed under another ENCRYPTION_KEY. */
function keyOf(box: SecretBox, organizationId: number, sealed: string): KeyObject | undefined {
  const known = opened.get(sealed);
  if (known) return known;
  let secret: string;
  try {
    secret = box.open(sealed, context(organizationId));
  } catch {
    return undefined;
  }
  const key = createSecretKey(secret.slice(PREFIX.length), 'base64');
  if (opened.size >= MOST_OPENED) opened.clear();
  opened.set(sealed, key);
  return key;
}

/**
 * Headers of a request to a webhook (Standard Webhooks 1.0.0, "Webhook metadata" and "Signature scheme"). Several secrets
 * give several signatures, of which the receiver needs to know one; nothing is sent without any.
 *
 * @param now milliseconds
 */
export function signedHeaders(
  box: SecretBox,
  message: { organizationId: number; secrets: readonly StoredSecret[]; eventId: string; payload: string },
  now: number,
): Record<string, string> | undefined {
  const seconds = Math.floor(now / 1_000);
  const signed = `${message.eventId}.${seconds}.${message.payload}`;
  const signatures = message.secrets
    .filter(({ until }) => until === null || Date.parse(until) > now)
    .map(({ sealed }) => keyOf(box, message.organizationId, sealed))
    .filter(key => key !== undefined)
    .map(key => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
  if (signatures.length === 0) return undefined;
  return {
    'webhook-id': message.eventId,
    'webhook-timestamp': String(seconds),
    'webhook-signature': signatures.join(' '),
  };
}
