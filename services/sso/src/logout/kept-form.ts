import type { RedisClient } from '@rivergate/redis';
import { oneTimeToken, type SecretBox, tokenHash } from '@rivergate/secrets';
import { REQUEST_LIFETIME, type Sending } from '../saml/index.ts';

export type Posting = Extract<Sending, { binding: 'post' }>;

const keyOf = (providerId: number, hash: string) => `sso-logout-form:${providerId}:${hash}`;

/** Keeps a form that a browser will fetch and post to a provider. @returns by what it is fetched, once */
export async function keepForm(
  redis: RedisClient,
  secretBox: SecretBox,
  providerId: number,
  form: Posting,
): Promise<string> {
  const token = oneTimeToken();
  const key = keyOf(providerId, tokenHash(token));
  await redis.set(key, secretBox.seal(JSON.stringify(form), key), 'EX', REQUEST_LIFETIME);
  return token;
}

export async function takeForm(
  redis: RedisClient,
  secretBox: SecretBox,
  providerId: number,
  token: string,
): Promise<Posting | undefined> {
  const key = keyOf(providerId, tokenHash(token));
  const sealed = await redis.getdel(key);
  return sealed === null ? undefined : JSON.parse(secretBox.open(sealed, key));
}
