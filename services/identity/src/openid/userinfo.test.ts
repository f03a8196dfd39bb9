import { byToken, signedIn } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';
import { refusal, type TestApplication } from '../testing/oauth-fixture.ts';
import { openidFixture } from '../testing/openid-fixture.ts';

let identity: IdentityUnderTest;
let openid: ReturnType<typeof openidFixture>;
let application: TestApplication;
let person: Person;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
  openid = openidFixture(identity);
  [application, person] = [await openid.application(), await identity.person()];
});
afterAll(() => identity?.stop());

const callerFor = async (more: Record<string, string> = {}, whose = person) => {
  const tokens = await openid.signIn(application, whose, more);
  return { ...tokens, by: openid.bearer(tokens.access_token, whose, application.organizationId) };
};
const told = async (more: Record<string, string>) =>
  (await (await callerFor(more)).by.get('/oauth/userinfo').expect(200)).body;

describe('userinfo', () => {
  it('tells by GET and POST what the scopes name, and sub always', async () => {
    const sub = String(person.userId);
    expect(await told({})).toEqual({ sub });
    expect(await told({ scope: 'openid email' })).toEqual({ sub, email: person.email, email_verified: true });
    const profile = { sub, name: expect.any(String), updated_at: expect.any(Number) };
    expect(await told({ scope: 'openid profile read' })).toEqual(profile);
    const { by } = await callerFor({ scope: 'openid profile' });
    const answer = await by.post('/oauth/userinfo').expect(200);
    expect(answer.body).toEqual(profile);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    await openid.send('/oauth/userinfo', 'a=b', by).expect(200);
  });

  it('tells of the picture where there is one', async () => {
    const url = 'https://pictures.example.com/ada.png';
    await person.caller.put('/api/v1/auth/me/profile', { profile_image_url: url }).expect(200);
    expect(await told({ scope: 'openid profile' })).toMatchObject({ picture: url });
  });

  it('tells what was asked for one by one, and ignores what is not known', async () => {
    const claims =
      '{"userinfo":{"email":{"essential":true,"value":"other@example.com"},"password":null},"id_token":{"name":null}}';
    expect(await told({ claims })).toEqual({ sub: String(person.userId), email: person.email });
  });

  it('is for access tokens with openid, which a refresh may have left out', async () => {
    const { access_token } = await openid.granted(application, person, { scope: 'read' });
    const { refresh_token } = await callerFor({ scope: 'openid read' });
    const narrowed = (await openid.refresh(application, refresh_token, { scope: 'read' }).expect(200)).body;
    for (const token of [access_token, narrowed.access_token]) {
      const answer = await openid.bearer(token, person, application.organizationId).get('/oauth/userinfo');
      expect(refusal(answer)).toEqual([403, 'insufficient_scope']);
      expect(answer.headers.get('www-authenticate')).toBe(
        'Bearer error="insufficient_scope", scope="openid"',
      );
    }
  });

  it('is for no session, no personal token, and no client that stands for itself', async () => {
    const user = signedIn({ userId: person.userId, organizationId: application.organizationId });
    const own = byToken(user, { scope: ['read', 'write', 'admin'] });
    const client = {
      ...own,
      kind: 'client' as const,
      userId: null,
      token: { ...own.token!, kind: 'oauth' as const },
    };
    for (const principal of [user, own, client])
      expect(refusal(await identity.as(principal).get('/oauth/userinfo'))).toEqual([
        403,
        'insufficient_scope',
      ]);
    const nobody = await identity.anonymous().get('/oauth/userinfo');
    expect(refusal(nobody)).toEqual([401, 'invalid_token']);
  });

  it('is refused when the grant has ended, or is another', async () => {
    const { by, refresh_token, access_token } = await callerFor();
    await openid.send('/oauth/token/revoke', openid.form({ token: refresh_token })).expect(200);
    const answer = await by.get('/oauth/userinfo');
    expect(refusal(answer)).toEqual([401, 'invalid_token']);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    const { id_token, refresh_token: other } = await callerFor();
    for (const token of [id_token, other, access_token, 'unknown'])
      expect(
        (await openid.bearer(token, person, application.organizationId).get('/oauth/userinfo')).status,
      ).toBe(401);
  });
});
