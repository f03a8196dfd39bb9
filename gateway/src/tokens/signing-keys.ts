import {
  accessTokenKeysPath,
  anonymous,
  CREDENTIAL_HEADER,
  type CredentialKey,
  issueCredential,
} from '@rivergate/caller';
import type { Log } from '@rivergate/endpoint';
import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';

export type SigningKeys = {
  find: JWTVerifyGetKey;
  /** Whether the key was among those that identity published when it was last asked. */
  publishes(keyId: string): boolean;
  stop(): void;
};

/** Milliseconds between two fetches of the keys, and the least between two that unknown key ids cause. */
const REFRESH_INTERVAL = 60_000;
const COOLDOWN = 1_000;

/**
 * Identity's public keys. An unknown `kid` fetches them again, at most once a second; a refresh every minute drops
 * what identity has withdrawn. While identity is down the last known keys stay.
 */
export function signingKeys(identityUrl: string, key: CredentialKey, log: Log): SigningKeys {
  let published: ReadonlySet<unknown> = new Set();
  const find = createRemoteJWKSet(new URL(accessTokenKeysPath, identityUrl), {
    cacheMaxAge: Number.POSITIVE_INFINITY,
    cooldownDuration: COOLDOWN,
    timeoutDuration: 2_000,
    [customFetch]: async (url: string, options: { signal: AbortSignal }) => {
      const answer = await fetch(url, {
        signal: options.signal,
        redirect: 'manual',
        headers: {
          [CREDENTIAL_HEADER]: issueCredential(key, {
            audience: 'identity',
            method: 'GET',
            path: accessTokenKeysPath,
            principal: anonymous(),
          }),
        },
      });
      if (answer.ok) published = (await keyIdsOf(answer.clone())) ?? published;
      return answer;
    },
  });
  const refresh = () => {
    find.reload().catch(cause => log.warn({ err: cause }, 'The signing keys could not be refreshed'));
  };
  const timer = setInterval(refresh, REFRESH_INTERVAL);
  timer.unref();
  return { find, publishes: keyId => published.has(keyId), stop: () => clearInterval(timer) };
}

/** Null for what is no key set (RFC 7517, section 5): then the last one stays, here as in the library. */
async function keyIdsOf(answer: Response): Promise<ReadonlySet<unknown> | null> {
  const document = (await answer.json().catch(() => null)) as { keys?: unknown } | null;
  return Array.isArray(document?.keys) ? new Set(document.keys.map(known => known?.kid)) : null;
}
