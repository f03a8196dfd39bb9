import { tokenHash } from '@rivergate/secrets';
import { byToken, signedIn, type TestCaller } from '@rivergate/testing';
import { createLocalJWKSet, type JWTPayload, jwtVerify } from 'jose';
import type { IdentityUnderTest, Person } from './identity-under-test.ts';
import { ISSUER, oauthFixture, type TestApplication } from './oauth-fixture.ts';

type Parameters = Record<string, string | undefined>;

/** What tests of OpenID Connect do again and again, at an identity of their own. */
export function openidFixture(identity: IdentityUnderTest) {
  const oauth = oauthFixture(identity);
  const fixture = {
    ...oauth,

    /** Tokens of somebody who signs in to the application. */
    async signIn(application: TestApplication, person: Pick<Person, 'caller'>, more: Parameters = {}) {
      const code = await oauth.code(application, person, { scope: 'openid', ...more });
      const { body } = await oauth.exchange(application, code).expect(200);
      return body as { access_token: string; refresh_token: string; id_token: string; scope: string };
    },

    /** The claims of an ID token, which is verified as its client would. */
    async verified(
      idToken: string,
      { client_id }: Pick<TestApplication, 'client_id'>,
      alg = 'ES256',
    ): Promise<JWTPayload> {
      const { body } = await identity.anonymous().get('/.well-known/jwks.json');
      const demands = { issuer: ISSUER, audience: client_id, algorithms: [alg], typ: 'JWT' };
      return (await jwtVerify(idToken, createLocalJWKSet(body), demands)).payload;
    },

    /** Calls with an access token as the gateway does that has found it to be good. */
    bearer(accessToken: string, { userId }: Pick<Person, 'userId'>, organizationId: number): TestCaller {
      const facts = { kind: 'oauth' as const, hash: tokenHash(accessToken), boundTo: organizationId };
      return identity.as(byToken(signedIn({ userId, organizationId }), { scope: [], ...facts }));
    },

    /** The session of the person is one in which they were authenticated so many seconds ago, by these methods. */
    async authenticated({ sessionId }: Pick<Person, 'sessionId'>, secondsAgo: number, methods = ['pwd']) {
      await identity.resources
        .knex('sessions')
        .where({ id: sessionId })
        .update({
          authenticated_at: new Date(Date.now() - secondsAgo * 1_000),
          authentication_methods: methods,
        });
    },
  };
  return fixture;
}
