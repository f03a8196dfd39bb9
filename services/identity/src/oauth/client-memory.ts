import type { Client } from './client-store.ts';

/** Milliseconds for which a client is remembered at most. */
const LONGEST = 60_000;
/** Clients that are remembered at most. */
const MOST = 10_000;

/**
 * Clients as this process last read them. What is remembered decides nothing by itself: what is written by it is written only
 * where the row of the client is still the one that was read (`heldIfUnchanged`).
 */
export interface ClientMemory {
  recall(clientId: string): Client | undefined;
  /** One whose last use is noted: who still has to note it, changes the row. */
  keep(client: Client): void;
  forget(clientId: string): void;
}

export function clientMemory(): ClientMemory {
  const kept = new Map<string, { client: Client; until: number }>();
  return {
    recall(clientId) {
      const known = kept.get(clientId);
      if (known === undefined || known.until > performance.now()) return known?.client;
      kept.delete(clientId);
      return undefined;
    },
    keep(client) {
      if (!client.is_touched) return;
      // The first is the oldest.
      if (kept.size >= MOST) kept.delete(kept.keys().next().value!);
      kept.delete(client.client_id);
      kept.set(client.client_id, { client, until: performance.now() + LONGEST });
    },
    forget: clientId => void kept.delete(clientId),
  };
}
