import { startTestRedis, type TestRedis } from '@rivergate/caller/test-redis';
import { connectRedis, type RedisClient } from '@rivergate/redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signingKey } from '../testing/saml-keys.ts';
import { type IssueOptions, inBase64, issueResponse, newId, type Says } from '../testing/saml-messages.ts';
import { type SamlParties, samlParties } from '../testing/saml-parties.ts';
import { checkResponse } from './check-response.ts';
import { rememberRequest } from './used-once.ts';

let server: TestRedis;
let redis: RedisClient;
let parties: SamlParties;

beforeAll(async () => {
  [server, parties] = await Promise.all([startTestRedis(), samlParties()]);
  redis = connectRedis(server.url, { warn() {} }, 'waits');
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

/** A request that was sent, as Rivergate remembers it. */
async function sent(state = 'state'): Promise<string> {
  const id = newId();
  const { identityProvider, serviceProvider } = parties;
  const request = {
    kind: 'login',
    issuer: identityProvider.entityId,
    audience: serviceProvider.entityId,
    id,
  } as const;
  await rememberRequest(redis, request, state);
  return id;
}

const check = (xml: string, more: Partial<SamlParties['identityProvider']> = {}) =>
  checkResponse(
    inBase64(xml),
    { ...parties, identityProvider: { ...parties.identityProvider, ...more } },
    redis,
  );

const issue = (says: Says, options: Partial<IssueOptions> = {}) =>
  issueResponse(says, { key: parties.key, ...options });

describe('a login is taken', () => {
  it.each(['assertion', 'response', 'both'] as const)('where the signature is over: %s', async sign => {
    const says = parties.says(await sent('where it goes on'));
    expect(await check(await issue(says, { sign }))).toEqual({
      assertionId: says.assertionId,
      issuer: 'https://idp.test',
      nameId: 'ada@example.com',
      nameIdFormat: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
      sessionIndex: 'session-1',
      sessionNotOnOrAfter: null,
      notOnOrAfter: expect.any(Date),
      authnInstant: expect.any(Date),
      authnContext: 'urn:oasis:names:tc:SAML:2.0:ac:classes:Password',
      inResponseTo: says.inResponseTo,
      request: 'where it goes on',
      attributes: { displayName: ['Ada Lovelace'], groups: ['analysts', 'mathematicians'] },
    });
  });

  it.each(['assertion', 'response', 'both'] as const)(
    'encrypted, where the signature is over: %s',
    async sign => {
      const says = parties.says(await sent());
      const xml = await issue(says, { sign, encryptFor: parties.serviceProviderKey.certificate });
      expect(xml).not.toContain('ada@example.com');
      expect(await check(xml)).toMatchObject({ nameId: 'ada@example.com' });
    },
  );
});
