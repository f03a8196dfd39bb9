import { hash } from 'node:crypto';
import type { AccessToken } from './access-token.ts';

export type VerifiedCache = {
  get(token: string): AccessToken | null;
  keep(token: string, verified: AccessToken): void;
};

/**
 * Tokens that were found to be real, with what never changes about them, for as long as they would be found so again:
 * until they expire or identity withdraws the key of their signature. The least recently used go first. Known by hash, so that no memory dump yields a token. What
 * may change (session, scopes, membership) is not in here.
 */
export function verifiedCache(publishes: (keyId: string) => boolean, capacity = 10_000): VerifiedCache {
  const entries = new Map<string, AccessToken>();
  return {
    get(token) {
      const key = hash('sha256', token, 'base64');
      const verified = entries.get(key);
      if (!verified) return null;
      entries.delete(key);
      if (verified.expiresAt <= Date.now() / 1000) return null;
      if (verified.keyId !== null && !publishes(verified.keyId)) return null;
      entries.set(key, verified);
      return verified;
    },
    keep(token, verified) {
      if (entries.size >= capacity) {
        const oldest = entries.keys().next();
        if (!oldest.done) entries.delete(oldest.value);
      }
      entries.set(hash('sha256', token, 'base64'), verified);
    },
  };
}
