import { createHash } from 'node:crypto';
import { tokenHash } from '@rivergate/secrets';
import { administrator, fellowService, type TestAnswer, type TestCaller } from '@rivergate/testing';
import type { IdentityUnderTest, Person } from './identity-under-test.ts';

/** PUBLIC_URL of a service under test. */
export const ISSUER = 'http://rivergate.test';
export const CALLBACK = 'https://app.example.com/callback?kept=1';
export const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
export const S256 = createHash('sha256').update(VERIFIER).digest('base64url');
const FORM = 'application/x-www-form-urlencoded';

type Parameters = Record<string, string | undefined>;

/** An application with its secret, and what its administrator does with it. */
export interface TestApplication {
  id: number;
  client_id: string;
  client_secret: string;
  organizationId: number;
  path: string;
  admin: TestCaller;
}

let organizations = 12_000;

/** What tests of OAuth do again and again, at an identity of their own. */
export function oauthFixture(identity: IdentityUnderTest) {
  const form = (fields: Parameters) =>
    new URLSearchParams(
      Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined),
    ).toString();

  const send = (path: string, raw: string, by = identity.anonymous(), headers: Record<string, string> = {}) =>
    by.post(path, undefined, { raw, headers: { 'content-type': FORM, ...headers } });

  const credentials = ({ client_id, client_secret }: TestApplication) => ({ client_id, client_secret });

  const fixture = {
    form,
    send,
    credentials,

    async application(more: object = {}, organizationId = ++organizations): Promise<TestApplication> {
      identity.organization.everybodyIn.add(organizationId);
      const admin = identity.as(administrator({ userId: 1, organizationId }));
      const path = `/api/v1/organizations/${organizationId}/oauth-applications`;
      const wanted = {
        name: `App ${++organizations}`,
        grant_types: ['authorization_code', 'client_credentials'],
        redirect_uris: [CALLBACK],
        scopes: ['read', 'write'],
        ...more,
      };
      const { id, client_id, client_secret } = (await admin.post(path, wanted).expect(201)).body.data;
      return { id, client_id, client_secret, organizationId, path: `${path}/${id}`, admin };
    },

    /** The address that the user is sent to. */
    async authorize(
      { client_id }: Pick<TestApplication, 'client_id'>,
      person: Pick<Person, 'caller'>,
      more: Parameters = {},
    ): Promise<URL> {
      const query = form({ response_type: 'code', client_id, redirect_uri: CALLBACK, ...more });
      const { headers } = await person.caller.get(`/oauth/authorize?${query}`).expect(302);
      return new URL(headers.get('location')!);
    },

    async code(
      application: TestApplication,
      person: Pick<Person, 'caller'>,
      more: Parameters = {},
    ): Promise<string> {
      return (await fixture.authorize(application, person, more)).searchParams.get('code')!;
    },

    token: (application: TestApplication, fields: Parameters) =>
      send('/oauth/token', form({ ...credentials(application), ...fields })),

    exchange: (application: TestApplication, code: string, more: Parameters = {}) =>
      fixture.token(application, {
        grant_type: 'authorization_code',
        code,
        redirect_uri: CALLBACK,
        ...more,
      }),

    refresh: (application: TestApplication, refreshToken: string, more: Parameters = {}) =>
      fixture.token(application, { grant_type: 'refresh_token', refresh_token: refreshToken, ...more }),

    /** A user's tokens for the application. */
    async granted(application: TestApplication, person: Pick<Person, 'caller'>, more: Parameters = {}) {
      const code = await fixture.code(application, person, more);
      const { body } = await fixture.exchange(application, code);
      return { ...body, code } as {
        access_token: string;
        refresh_token: string;
        scope: string;
        code: string;
      };
    },

    /** What the gateway is told of an access token: `unknown` for one that is not there. */
    async state(token: string): Promise<{ state: string; scopes?: string[]; [more: string]: unknown }> {
      const asked = { token_hash: tokenHash(token) };
      const { status, body } = await identity
        .as(fellowService('gateway'))
        .post('/internal/tokens/state', asked);
      return status === 200 ? body.data : { state: 'unknown' };
    },

    /** What is kept in Redis under the token: what the gateway decides by before it asks. */
    known: (token: string) => identity.resources.redis.get(`access:{token:${tokenHash(token)}}`),
  };
  return fixture;
}

/** Status and code of a refusal. */
export const refusal = ({ status, body }: TestAnswer) => [status, body?.error];
