import { startTestRedis } from '@rivergate/caller/test-redis';
import { connectRedis } from '@rivergate/redis';
import { type CheckedLogin, checkResponse } from '../saml/check-response.ts';
import type { IdentityProvider, ServiceProvider } from '../saml/parties.ts';
import { type RefusalCode, SamlRefusal } from '../saml/refusal.ts';
import { rememberRequest } from '../saml/used-once.ts';
import { type IssueOptions, inBase64, issueResponse, newId, type Says } from './saml-messages.ts';
import { samlParties } from './saml-parties.ts';

/** Two parties that know each other, and a Redis that remembers what they sent. */
export async function samlScene() {
  const [server, parties] = await Promise.all([startTestRedis(), samlParties()]);
  const redis = connectRedis(server.url, { warn() {} }, 'waits');
  const { identityProvider, serviceProvider, key, says } = parties;

  /** Sends a request to the identity provider, as far as Rivergate remembers it. */
  async function sent(state = 'state'): Promise<string> {
    const id = newId();
    const names = { issuer: identityProvider.entityId, audience: serviceProvider.entityId };
    await rememberRequest(redis, { kind: 'login', ...names, id }, state);
    return id;
  }
  const checkPosted = (
    posted: string,
    more: { identityProvider?: Partial<IdentityProvider>; serviceProvider?: Partial<ServiceProvider> } = {},
  ) =>
    checkResponse(
      posted,
      {
        identityProvider: { ...identityProvider, ...more.identityProvider },
        serviceProvider: { ...serviceProvider, ...more.serviceProvider },
      },
      redis,
    );

  return {
    ...parties,
    redis,
    sent,
    /** What the identity provider says in answer to a request that was sent. */
    saysOfAda: async (more: Partial<Says> = {}) => says(await sent(), more),
    issue: (what: Says, options: Partial<IssueOptions> = {}) => issueResponse(what, { key, ...options }),
    checkPosted,
    check: (xml: string, more: Parameters<typeof checkPosted>[1] = {}) => checkPosted(inBase64(xml), more),
    stop: async () => {
      redis.disconnect();
      await server.stop();
    },
  };
}

export type SamlScene = Awaited<ReturnType<typeof samlScene>>;

/** The code with which something is refused. What is taken, or fails otherwise, is no refusal. */
export async function refusalOf(checking: Promise<CheckedLogin | unknown>): Promise<RefusalCode | 'taken'> {
  return await checking.then(
    () => 'taken' as const,
    (cause: unknown) => {
      if (cause instanceof SamlRefusal) return cause.code;
      throw cause;
    },
  );
}
