import { tokenHash } from '@rivergate/secrets';
import { signedIn } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DEVICE_CODE } from '../../oauth-applications/application.ts';
import { deviceFixture } from '../../testing/device-fixture.ts';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../../testing/identity-under-test.ts';
import { ISSUER, refusal, type TestApplication } from '../../testing/oauth-fixture.ts';
import { forgetDeviceRequests } from './device-request-store.ts';

let identity: IdentityUnderTest;
let device: ReturnType<typeof deviceFixture>;
let application: TestApplication;
let person: Person;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
  device = deviceFixture(identity);
  person = await identity.person();
});
afterAll(() => identity?.stop());
beforeEach(async () => {
  application = await device.application();
});

const ten = <Result>(work: () => PromiseLike<Result>) => Promise.all(Array.from({ length: 10 }, work));
const pending = [400, 'authorization_pending'];
const slowDown = [400, 'slow_down'];
const invalidGrant = [400, 'invalid_grant'];
const notFound = async (answering: PromiseLike<{ status: number; body: { error?: { code: string } } }>) => {
  const { status, body } = await answering;
  expect([status, body?.error?.code]).toEqual([404, 'USER_CODE_NOT_FOUND']);
};
const knex = () => identity.resources.knex;

describe('a device', () => {
  it('gets codes for its user and for itself, which no cache keeps', async () => {
    const answer = await device.begin(application, { scope: 'read' });
    expect(answer.status).toBe(200);
    const { user_code } = answer.body;
    expect(answer.body).toEqual({
      device_code: expect.stringMatching(/^[\w-]{43}$/),
      user_code: expect.stringMatching(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/),
      verification_uri: `${ISSUER}/device`,
      verification_uri_complete: `${ISSUER}/device?user_code=${user_code}`,
      expires_in: 600,
      interval: 5,
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('says who it is, and gets no more than its application may have', async () => {
    expect(refusal(await device.begin(application, { scope: 'admin' }))).toEqual([400, 'invalid_scope']);
    expect(refusal(await device.begin(application, { client_secret: 'wrong' }))).toEqual([
      401,
      'invalid_client',
    ]);
    const other = await device.application({ grant_types: ['client_credentials'] });
    expect(refusal(await device.begin(other))).toEqual([400, 'unauthorized_client']);
    expect(refusal(await device.poll(other, 'invented'))).toEqual([400, 'unauthorized_client']);
    expect(refusal(await device.poll(application, 'invented'))).toEqual(invalidGrant);
    expect(refusal(await device.token(application, { grant_type: DEVICE_CODE }))).toEqual([
      400,
      'invalid_request',
    ]);
  });

  it('waits for its user and then gets tokens, once', async () => {
    const codes = await device.codes(application, { scope: 'read' });
    expect(refusal(await device.poll(application, codes.device_code))).toEqual(pending);
    await device.answer(person, codes.user_code).expect(204);
    await device.waited(codes);
    const answer = await device.poll(application, codes.device_code);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ token_type: 'bearer', scope: 'read', expires_in: 3600 });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const { access_token, refresh_token } = answer.body;
    expect(await device.state(access_token)).toMatchObject({
      user_id: person.userId,
      organization_id: application.organizationId,
      bound: true,
      scopes: ['read'],
      state: 'active',
    });
    const next = await device.refresh(application, refresh_token);
    expect(next.status).toBe(200);
    const actions = (await identity.audited(person.userId)).map(({ action }) => action);
    expect(actions).toContain('oauth.authorization.approved');

    expect(refusal(await device.poll(application, codes.device_code))).toEqual(invalidGrant);
    for (const token of [access_token, next.body.access_token])
      expect(await device.known(token)).toBe('revoked');
    expect(refusal(await device.refresh(application, next.body.refresh_token))).toEqual(invalidGrant);
  });

  it('that asks ten times at once gets tokens once, and loses them for it', async () => {
    const codes = await device.codes(application);
    await device.answer(person, codes.user_code).expect(204);
    const answers = await ten(() => device.poll(application, codes.device_code));
    const good = answers.filter(({ status }) => status === 200);
    expect(good).toHaveLength(1);
    expect(answers.filter(({ status }) => status !== 200).map(refusal)).toEqual(Array(9).fill(invalidGrant));
    expect((await device.state(good[0]!.body.access_token)).state).toBe('revoked');
  });

  it('that asks too often waits 5 seconds longer each time, also once it is approved', async () => {
    const codes = await device.codes(application);
    const ask = async () => refusal(await device.poll(application, codes.device_code));
    expect(await ask()).toEqual(pending);
    expect(await ask()).toEqual(slowDown);
    await device.waited(codes, 6);
    expect(await ask()).toEqual(slowDown);
    await device.waited(codes, 15);
    expect(await ask()).toEqual(pending);
    await device.answer(person, codes.user_code).expect(204);
    expect(await ask()).toEqual(slowDown);
    await device.waited(codes, 20);
    expect((await device.poll(application, codes.device_code)).status).toBe(200);
  });

  it('that asks ten times at once while it waits is told once that it waits', async () => {
    const { device_code } = await device.codes(application);
    const answers = (await ten(() => device.poll(application, device_code))).map(refusal);
    expect(answers.filter(([, code]) => code === 'authorization_pending')).toHaveLength(1);
    expect(answers.filter(([, code]) => code === 'slow_down')).toHaveLength(9);
  });

  it('is told that its user refused, and that its time is over', async () => {
    const refused = await device.codes(application);
    await device.answer(person, refused.user_code, false).expect(204);
    expect(refusal(await device.poll(application, refused.device_code))).toEqual([400, 'access_denied']);
    await notFound(device.answer(person, refused.user_code));

    const late = await device.codes(application);
    await device.expire(late);
    expect(refusal(await device.poll(application, late.device_code))).toEqual([400, 'expired_token']);
    await notFound(device.find(person, late.user_code));
    await notFound(device.answer(person, late.user_code));

    const approved = await device.codes(application);
    await device.answer(person, approved.user_code).expect(204);
    await device.expire(approved);
    expect(refusal(await device.poll(application, approved.device_code))).toEqual([400, 'expired_token']);
  });

  it('cannot use a code of another client, of a redirect, or of its user', async () => {
    const both = { grant_types: ['authorization_code', DEVICE_CODE] };
    application = await device.application({ ...both, redirect_uris: ['https://app.example.com/callback'] });
    const { organizationId } = application;
    const other = await device.application({}, organizationId);
    const codes = await device.codes(application);
    await device.answer(person, codes.user_code).expect(204);
    expect(refusal(await device.poll(other, codes.device_code))).toEqual(invalidGrant);
    for (const wrong of [codes.user_code, codes.user_code.replace('-', '')])
      expect(refusal(await device.poll(application, wrong))).toEqual(invalidGrant);
    for (const redirect_uri of ['https://app.example.com/callback', 'null'])
      expect(refusal(await device.exchange(application, codes.device_code, { redirect_uri }))).toEqual(
        invalidGrant,
      );
    const redirect = { redirect_uri: 'https://app.example.com/callback' };
    const code = await device.code(application, person, redirect);
    expect(refusal(await device.poll(application, code))).toEqual(invalidGrant);
    expect((await device.exchange(application, code, redirect)).status).toBe(200);
    expect((await device.poll(application, codes.device_code)).status).toBe(200);
  });
});

describe('the user of a device', () => {
  it('sees what asks, for what, and whence, however the code is typed', async () => {
    const { user_code } = await device.codes(application, { scope: 'read' });
    for (const typed of [
      user_code,
      user_code.replace('-', ''),
      ` ${user_code.toLowerCase().replace('-', ' ')}`,
    ]) {
      const { data } = (await device.find(person, typed).expect(200)).body;
      expect(data).toMatchObject({
        user_code,
        app_name: expect.stringMatching(/^App/),
        organization_name: `Organization ${application.organizationId}`,
        requested_scopes: ['read'],
        ip_address: '192.0.2.7',
        user_agent: 'Set-top-box/1.0',
        same_network: false,
      });
    }
  });

  it('is told where the device is in the same network', async () => {
    const { user_code } = await device.codes(application);
    const ip = '192.0.2.7';
    const here = identity.as(signedIn({ userId: person.userId, sessionId: person.sessionId, ip }));
    expect((await device.find({ caller: here }, user_code).expect(200)).body.data.same_network).toBe(true);
  });

  it('answers once: of ten at once one counts', async () => {
    const codes = await device.codes(application);
    const answers = await ten(() => device.answer(person, codes.user_code));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([204, ...Array(9).fill(404)]);
    await notFound(device.answer(person, codes.user_code, false));
    await notFound(device.find(person, codes.user_code));
    expect((await device.poll(application, codes.device_code)).status).toBe(200);
  });

  it('has to be a member, when they answer and when the device comes', async () => {
    const [stranger, leaving] = [await identity.person(), await identity.person()];
    const codes = await device.codes(application);
    identity.organization.removed.add(stranger.userId);
    for (const approve of [true, false])
      expect((await device.answer(stranger, codes.user_code, approve)).status).toBe(403);
    await device.answer(leaving, codes.user_code).expect(204);
    identity.organization.removed.add(leaving.userId);
    expect(refusal(await device.poll(application, codes.device_code))).toEqual(invalidGrant);
  });

  it('who is suspended before the device comes gives it nothing', async () => {
    const suspended = await identity.person();
    const codes = await device.codes(application);
    await device.answer(suspended, codes.user_code).expect(204);
    await knex()('users').where({ id: suspended.userId }).update({ disabled_at: knex().fn.now() });
    expect(refusal(await device.poll(application, codes.device_code))).toEqual(invalidGrant);
  });

  it('is nobody without a session', async () => {
    const { user_code } = await device.codes(application);
    expect((await device.find({ caller: identity.anonymous() }, user_code)).status).toBe(401);
    expect((await device.answer({ caller: identity.anonymous() }, user_code)).status).toBe(401);
    for (const body of [{}, { user_code: 7 }, { user_code: 'x'.repeat(65) }, { user_code, approve: true }])
      expect((await person.caller.post('/api/v1/oauth/device', body)).status).toBe(422);
    expect((await person.caller.post('/api/v1/oauth/device/answer', { user_code })).status).toBe(422);
  });
});

describe('an application', () => {
  it('that lost scopes gets no more by a code that is out', async () => {
    const codes = await device.codes(application);
    await application.admin.patch(application.path, { scopes: ['read'] }).expect(200);
    expect((await device.find(person, codes.user_code)).body.data.requested_scopes).toEqual(['read']);
    await device.answer(person, codes.user_code).expect(204);
    expect((await device.poll(application, codes.device_code)).body.scope).toBe('read');
  });

  it('that lost the grant loses what came of it, and nothing else', async () => {
    const callback = 'https://app.example.com/callback';
    const grant_types = ['authorization_code', DEVICE_CODE];
    application = await device.application({ grant_types, redirect_uris: [callback] });
    const redirect = { redirect_uri: callback };
    const code = await device.code(application, person, redirect);
    const browser = (await device.exchange(application, code, redirect)).body;
    const box = await device.granted(application, person);
    const waiting = await device.codes(application);
    await application.admin.patch(application.path, { grant_types: ['authorization_code'] }).expect(200);
    expect(await device.known(box.access_token)).toBe('revoked');
    expect((await device.state(browser.access_token)).state).toBe('active');
    await notFound(device.answer(person, waiting.user_code));
    expect(refusal(await device.refresh(application, box.refresh_token))).toEqual(invalidGrant);

    await application.admin.patch(application.path, { grant_types: [DEVICE_CODE] }).expect(200);
    expect(refusal(await device.refresh(application, browser.refresh_token))).toEqual(invalidGrant);
    expect((await device.granted(application, person)).access_token).toBeTruthy();
  });

  it('that is revoked has no device any more', async () => {
    const codes = await device.codes(application);
    await application.admin.post(`${application.path}/revoke`).expect(200);
    await notFound(device.find(person, codes.user_code));
    await notFound(device.answer(person, codes.user_code));
  });
});

describe('what is kept of a device', () => {
  it('is neither of its codes', async () => {
    const codes = await device.codes(application);
    await device.answer(person, codes.user_code).expect(204);
    const kept = JSON.stringify([
      await knex()('oauth_device_requests'),
      await knex()('oauth_grants'),
      await knex()('outbox'),
      await identity.audited(person.userId),
    ]);
    expect(kept).toContain(tokenHash(codes.device_code));
    const letters = codes.user_code.replace('-', '');
    for (const secret of [codes.device_code, codes.user_code, letters, tokenHash(letters)])
      expect(kept).not.toContain(secret);
  });

  it('is forgotten a day after its time; while a grant lives, its code is known for a used one', async () => {
    const waiting = await device.codes(application);
    const used = await device.granted(application, person);
    for (const codes of [waiting, used]) await device.expire(codes, "now() - interval '25 hours'");
    await forgetDeviceRequests(knex());
    expect(refusal(await device.poll(application, waiting.device_code))).toEqual(invalidGrant);
    expect((await device.state(used.access_token)).state).toBe('active');
    expect(refusal(await device.poll(application, used.device_code))).toEqual(invalidGrant);
    expect((await device.state(used.access_token)).state).toBe('revoked');
  });
});
