import { memberRemoved } from '@rivergate/events';
import { byToken, eventually, expectError, publishEvent, signedIn } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';
import { refusal } from '../testing/oauth-fixture.ts';
import { openidFixture } from '../testing/openid-fixture.ts';

let identity: IdentityUnderTest;
let openid: ReturnType<typeof openidFixture>;
let person: Person;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
  openid = openidFixture(identity);
  person = await identity.person();
});
afterAll(() => identity?.stop());

const PATH = '/api/v1/oauth/consents';
const listed = async (by = person.caller) => (await by.get(PATH).expect(200)).body.data.consents;

describe('a consent', () => {
  it('is shown to its user with all that was agreed to, and to nobody else', async () => {
    const application = await openid.application();
    await openid.signIn(application, person, { scope: 'openid read' });
    await openid.signIn(application, person, { scope: 'openid', claims: '{"userinfo":{"email":null}}' });
    const { id, client_id } = application;
    const [entry, ...others] = await listed();
    expect(entry).toMatchObject({ application_id: id, client_id, app_name: expect.stringMatching(/^App/) });
    expect(entry.scopes.toSorted()).toEqual(['email', 'openid', 'read']);
    expect(others).toEqual([]);
    expect(await listed((await identity.person()).caller)).toEqual([]);
    await application.admin.delete(application.path).expect(200);
    expect(await listed()).toEqual([]);
  });

  it('that is withdrawn ends every token of the application for its user, at once, and no other', async () => {
    const [application, other] = [await openid.application(), await openid.application()];
    const stranger = await identity.person();
    const kept = [await openid.signIn(other, person), await openid.signIn(application, stranger)];
    const code = await openid.code(application, person);
    const gone = [
      await openid.signIn(application, person, { scope: 'openid offline_access' }),
      await openid.granted(application, person, { scope: 'write' }),
    ];
    const path = `${PATH}/${application.id}`;
    expectError(await (await identity.person()).caller.delete(path), 404, 'CONSENT_NOT_FOUND');
    const token = byToken(signedIn({ userId: person.userId }), { scope: ['read', 'write', 'admin'] });
    expectError(await identity.as(token).delete(path), 403, 'FORBIDDEN');
    const answers = await Promise.all(Array.from({ length: 10 }, () => person.caller.delete(path)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(404)]);
    expect(answers.find(({ status }) => status === 200)!.body.data).toEqual({
      consent: { id: application.id },
    });
    for (const { access_token, refresh_token } of gone) {
      expect(await openid.known(access_token)).toBe('revoked');
      expect(refusal(await openid.refresh(application, refresh_token))).toEqual([400, 'invalid_grant']);
    }
    expect(refusal(await openid.exchange(application, code))).toEqual([400, 'invalid_grant']);
    const actions = (await identity.audited(person.userId)).map(({ action }) => action);
    expect(actions.filter(action => action === 'oauth.consent.withdrawn')).toHaveLength(1);
    for (const { access_token } of kept) expect((await openid.state(access_token)).state).toBe('active');
    const again = await openid.authorize(application, person, { scope: 'openid', prompt: 'none' });
    expect(again.searchParams.get('error')).toBe('consent_required');
  });

  it('ends with the membership', async () => {
    const application = await openid.application();
    const leaving = await identity.person();
    await openid.signIn(application, leaving);
    expect(await listed(leaving.caller)).toHaveLength(1);
    const { userId: user_id } = leaving;
    const { organizationId: organization_id } = application;
    await publishEvent(identity, 'organization', memberRemoved, {
      subject: user_id,
      data: { user_id, organization_id },
    });
    await eventually(async () => (await listed(leaving.caller)).length === 0, 'a consent that has ended');
  });
});
