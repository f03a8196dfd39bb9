import { createHmac } from 'node:crypto';
import { equal } from '@rivergate/secrets';

/** Seconds after which the next nonce goes out; the one before it is taken for as long. */
const NONCE_SECONDS = 300;

/** What proofs have to repeat, so that none can have been made long before it is sent (RFC 9449, sections 8 and 9). */
export interface DpopNonces {
  current(): string;
  /** Whether it is the current one, or the one before. */
  isFresh(nonce: string | undefined): boolean;
}

/**
 * Nonces that every process knows which has the key: nothing is stored, and none has to be told of another's.
 *
 * @param key 32 bytes
 */
export function dpopNonces(key: Buffer): DpopNonces {
  const nonceOf = (period: number) => createHmac('sha256', key).update(String(period)).digest('base64url');
  let known = { period: Number.NaN, nonces: [] as string[] };
  const now = () => {
    const period = Math.floor(Date.now() / 1_000 / NONCE_SECONDS);
    if (period !== known.period) known = { period, nonces: [nonceOf(period), nonceOf(period - 1)] };
    return known.nonces;
  };
  return {
    current: () => now()[0]!,
    isFresh: nonce => nonce !== undefined && now().some(one => equal(nonce, one)),
  };
}
