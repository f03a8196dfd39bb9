import type { Resources } from '@rivergate/service';
import { createLocalJWKSet, createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';
import { type KeySet, usableKeysOf } from './key-set.ts';

/** Bytes of a published set: twenty keys with their certificates. */
const LARGEST_SET = 64 * 1024;
/** Milliseconds until it has come. */
const PATIENCE = 5_000;
/** Milliseconds for which it counts: for as long a key that its client took back may be good. */
const FRESH = 300_000;
/** Milliseconds between two fetches, for whatever reason: anybody can name a key that is not there. */
const BETWEEN_FETCHES = 30_000;
/** Clients whose keys a process remembers. */
const REMEMBERED = 1_000;

/** Where the keys of a client are: with its registration, or at an address of its own. One of them, never both. */
export interface ClientKeysPlace {
  jwks: KeySet | null;
  jwks_uri: string | null;
}

/** The keys of clients, as far as this process has needed them. */
export interface ClientKeys {
  /** Finds the key that a JWS names by `kid` and `alg`, or the only one that goes with it. */
  of(client: ClientKeysPlace): JWTVerifyGetKey;
}

/** What the keys of a client are known by: others are known by something else. Null for one that has none. */
export const placeOf = ({ jwks, jwks_uri }: ClientKeysPlace): string | null =>
  jwks_uri ?? (jwks && JSON.stringify(jwks));

export function clientKeys({ outbound, log }: Pick<Resources, 'outbound' | 'log'>): ClientKeys {
  const known = new Map<string, JWTVerifyGetKey>();
  const open = ({ jwks, jwks_uri }: ClientKeysPlace) =>
    jwks_uri === null ? createLocalJWKSet(jwks!) : published(jwks_uri, { outbound, log });
  return {
    of(client) {
      const place = placeOf(client)!;
      const found = known.get(place) ?? open(client);
      known.delete(place);
      known.set(place, found);
      if (known.size > REMEMBERED) known.delete(known.keys().next().value!);
      return found;
    },
  };
}

/** Keys at an address that a client has registered, which is an address that a user gave. */
function published(uri: string, { outbound, log }: Pick<Resources, 'outbound' | 'log'>): JWTVerifyGetKey {
  const fetch = outbound.fetch({ deadline: PATIENCE, maxBytes: LARGEST_SET });
  let lastFetch = Number.NEGATIVE_INFINITY;
  return createRemoteJWKSet(new URL(uri), {
    cacheMaxAge: FRESH,
    cooldownDuration: BETWEEN_FETCHES,
    timeoutDuration: PATIENCE,
    async [customFetch](url, request) {
      // jose pauses after a fetch that succeeded only.
      if (performance.now() - lastFetch < BETWEEN_FETCHES) throw new Error('The keys were fetched just now');
      lastFetch = performance.now();
      try {
        const answer = await fetch(url, request as RequestInit);
        if (answer.status !== 200) throw new Error(`The address of the keys answers ${answer.status}`);
        return Response.json(usableKeysOf(await answer.json()));
      } catch (cause) {
        log.warn({ err: cause, host: new URL(uri).host }, 'The keys of an OAuth client could not be fetched');
        throw cause;
      }
    },
  });
}
