import { hash } from 'node:crypto';
import type { AccessToken } from './access-token.ts';

export type VerifiedCache = {
  get(token: string): AccessToken | null;
  keep(token: string, verified: AccessToken): void;
};

/** Milliseconds within which uses are not told apart: to put an entry last costs more than to find it. */
const RECENT = 1_000;

type Entry = { verified: AccessToken; usedAt: number };

/**
 * Tokens that were found to be real, with what never changes about them, for as long as they would be found so again:
 * until they expire or identity withdraws the key of their signature. The least recently used go first. Known by hash, so
 * that no memory dump yields a token. What may change (session, scopes, membership) is not in here.
 */
export function verifiedCache(publishes: (keyId: string) => boolean, capacity = 10_000): VerifiedCache {
  const entries = new Map<string, Entry>();
  return {
    get(token) {
      const key = hash('sha256', token, 'base64');
      const entry = entries.get(key);
      if (!entry) return null;
      const { verified } = entry;
      const now = Date.now();
      const published = verified.keyId === null || publishes(verified.keyId);
      if (verified.expiresAt <= now / 1000 || !published) {
        entries.delete(key);
        return null;
      }
      if (now - entry.usedAt > RECENT) {
        entry.usedAt = now;
        entries.delete(key);
        entries.set(key, entry);
      }
      return verified;
    },
    keep(token, verified) {
      if (entries.size >= capacity) {
        const oldest = entries.keys().next();
        if (!oldest.done) entries.delete(oldest.value);
      }
      entries.set(hash('sha256', token, 'base64'), { verified, usedAt: Date.now() });
    },
  };
}
