import {
  accessTokenKeysPath,
  anonymous,
  CREDENTIAL_HEADER,
  type CredentialKey,
  issueCredential,
} from '@rivergate/caller';
import type { Log } from '@rivergate/endpoint';
import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';

export type SigningKeys = { find: JWTVerifyGetKey; stop(): void };

/** Milliseconds between two fetches of the keys, and the least between two that unknown key ids cause. */
const REFRESH_INTERVAL = 60_000;
const COOLDOWN = 1_000;

/**
 * Identity's public keys. An unknown `kid` fetches them again, at most once a second; a refresh every minute drops
 * what identity has withdrawn. While identity is down the last known keys stay.
 */
export function signingKeys(identityUrl: string, key: CredentialKey, log: Log): SigningKeys {
  const find = createRemoteJWKSet(new URL(accessTokenKeysPath, identityUrl), {
    cacheMaxAge: Number.POSITIVE_INFINITY,
    cooldownDuration: COOLDOWN,
    timeoutDuration: 2_000,
    [customFetch]: (url: string, options: { signal: AbortSignal }) =>
      fetch(url, {
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
      }),
  });
  const refresh = () => {
    find.reload().catch(cause => log.warn({ err: cause }, 'The signing keys could not be refreshed'));
  };
  const timer = setInterval(refresh, REFRESH_INTERVAL);
  timer.unref();
  return { find, stop: () => clearInterval(timer) };
}
