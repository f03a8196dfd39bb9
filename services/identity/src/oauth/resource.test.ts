import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';
import { ISSUER, oauthFixture, refusal, type TestApplication } from '../testing/oauth-fixture.ts';

let identity: IdentityUnderTest;
let oauth: ReturnType<typeof oauthFixture>;
let application: TestApplication;
let person: Person;
/** The API of the application's organization. */
let own: string;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
  oauth = oauthFixture(identity);
  [application, person] = [await oauth.application(), await identity.person()];
  own = `${ISSUER}/api/v1/organizations/${application.organizationId}`;
});
afterAll(() => identity?.stop());

const audience = (token: string) => decodeJwt(token).aud;

describe('a resource', () => {
  it('becomes the audience beside the name of the API, and stays with the grant', async () => {
    const { access_token, refresh_token } = await oauth.granted(application, person, { resource: own });
    expect(audience(access_token)).toEqual(['rivergate', own]);
    const next = (await oauth.refresh(application, refresh_token)).body;
    expect(audience(next.access_token)).toEqual(['rivergate', own]);
    const plain = await oauth.granted(application, person);
    expect(audience(plain.access_token)).toBe('rivergate');
  });

  it('can be named at the token endpoint, no wider than in the grant', async () => {
    const { refresh_token } = await oauth.granted(application, person);
    const narrow = (await oauth.refresh(application, refresh_token, { resource: own })).body;
    expect(audience(narrow.access_token)).toEqual(['rivergate', own]);
    const program = await oauth.token(application, { grant_type: 'client_credentials', resource: own });
    expect(audience(program.body.access_token)).toEqual(['rivergate', own]);

    const code = await oauth.code(application, person, { resource: own });
    expect(refusal(await oauth.exchange(application, code, { resource: ISSUER }))).toEqual([
      400,
      'invalid_target',
    ]);
    expect((await oauth.exchange(application, code, { resource: own })).status).toBe(200);
  });

  it.each([
    ['another server', () => 'https://mcp.example.com'],
    ['another organization', () => `${ISSUER}/api/v1/organizations/1`],
    ['no organization', () => `${ISSUER}/api/v1/organizations/0`],
    ['an organization in other words', () => own.replace('organizations/', 'organizations/0')],
    ['something below', () => `${own}/members`],
    ['a longer host', () => `${ISSUER}.evil.example`],
    ['a relative address', () => '/api/v1'],
    ['a fragment', () => `${own}#x`],
  ])('that is %s is refused wherever it is named', async (_, resource) => {
    const more = { resource: resource() };
    const url = await oauth.authorize(application, person, { ...more, state: 'st' });
    expect(Object.fromEntries(url.searchParams)).toMatchObject({ error: 'invalid_target', state: 'st' });
    const code = await oauth.code(application, person);
    const { refresh_token } = await oauth.granted(application, person);
    for (const answer of [
      await oauth.exchange(application, code, more),
      await oauth.refresh(application, refresh_token, more),
      await oauth.token(application, { grant_type: 'client_credentials', ...more }),
    ])
      expect(refusal(answer)).toEqual([400, 'invalid_target']);
    // Nothing of it was spent.
    expect((await oauth.exchange(application, code)).status).toBe(200);
    expect((await oauth.refresh(application, refresh_token)).status).toBe(200);
  });
});
