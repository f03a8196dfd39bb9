import { hash } from 'node:crypto';
import type { AccessToken } from './access-token.ts';

export type VerifiedCache = {
  get(token: string): AccessToken | null;
  keep(token: string, verified: AccessToken): void;
};

/**
 * Tokens whose signature was verified, for as long as they would be verified again: until they expire or identity
 * withdraws their key. The least recently used go first. Known by hash, so that no memory dump yields a token. What
 * may change (session, membership) is not in here.
 */
export function verifiedCache(publishes: (keyId: string) => boolean, capacity = 10_000): VerifiedCache {
  const entries = new Map<string, AccessToken>();
  return {
    get(token) {
      const key = hash('sha256', token, 'base64');
      const verified = entries.get(key);
      if (!verified) return null;
      entries.delete(key);
      if (verified.expiresAt <= Date.now() / 1000 || !publishes(verified.keyId)) return null;
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
