import { byToken, expectError, signedIn } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IdentityUnderTest, startIdentityUnderTest } from '../testing/identity-under-test.ts';
import { ORIGIN, passkeysUnderTest } from '../testing/passkeys-under-test.ts';
import { softwareAuthenticator } from '../testing/software-authenticator.ts';

const path = '/api/v1/webauthn/credentials';

let identity: IdentityUnderTest;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
});
afterAll(() => identity.stop());

const { holder, register, login, startLogin } = passkeysUnderTest(() => identity);

describe('the passkeys of the caller', () => {
  it('are listed with their use, the newest first, and nobody else’s are', async () => {
    const person = await holder();
    await holder();
    const newer = softwareAuthenticator(ORIGIN);
    await register(person, newer);
    await login(person);
    const { status, body } = await person.caller.get(path);
    expect(status).toBe(200);
    expect(body.data).toEqual({
      credentials: [
        {
          id: expect.any(Number),
          device_name: 'Laptop',
          credential_id: newer.credentialId,
          created_at: expect.any(String),
          last_used_at: null,
          usage_count: 0,
        },
        {
          id: person.passkeyId,
          device_name: 'Laptop',
          credential_id: person.authenticator.credentialId,
          created_at: expect.any(String),
          last_used_at: expect.any(String),
          usage_count: 1,
        },
      ],
      total_count: 2,
    });
  });

  it('are none at first', async () => {
    const { caller } = await identity.person();
    expect((await caller.get(path)).body.data).toEqual({ credentials: [], total_count: 0 });
  });

  it('take a session: no token in place of one sees, adds or deletes any', async () => {
    const { userId, passkeyId } = await holder();
    const token = identity.as(byToken(signedIn({ userId }), { scope: ['read', 'write', 'admin'] }));
    for (const answer of [
      await token.get(path),
      await token.delete(`${path}/${passkeyId}`),
      await token.post('/api/v1/webauthn/register/start', { device_name: 'x' }),
      await token.post('/api/v1/webauthn/register/complete', { device_name: 'x' }),
    ])
      expectError(answer, 403, 'FORBIDDEN');
    for (const answer of [
      await identity.anonymous().get(path),
      await identity.anonymous().delete(`${path}/${passkeyId}`),
    ])
      expectError(answer, 401, 'UNAUTHORIZED');
  });
});

describe('deleting a passkey', () => {
  it('ends it for good, not the sessions; it is audited and told by mail; another can follow', async () => {
    const person = await holder();
    const session = identity.personOf(await login(person), person.email);
    const { status, body } = await person.caller.delete(`${path}/${person.passkeyId}`);
    expect(status).toBe(200);
    expect(body.data).toEqual({ success: true, message: expect.any(String) });
    expect((await identity.audited(person.userId)).at(-1)).toMatchObject({
      action: 'auth.passkey.deleted',
      metadata: { passkey_id: person.passkeyId, device_name: 'Laptop' },
    });
    expect((await identity.mail.nth(person.email, 3)).subject).toBe(
      'A passkey was removed from your account',
    );
    expect((await session.caller.get('/api/v1/sessions')).body.data.active_count).toBe(2);

    // The last one is gone: the address answers as one without passkeys.
    const [offered] = (await startLogin(person.email)).body.data.allowCredentials;
    expect(offered.id).not.toBe(person.authenticator.credentialId);
    expectError(await login(person), 401, 'INVALID_CREDENTIAL');
    expect((await register(person, person.authenticator)).status).toBe(200);
    expect((await login(person)).status).toBe(200);
  });

  it("404 for another user's, which stays, and for one that is deleted already", async () => {
    const [person, other] = [await holder(), await holder()];
    expectError(await person.caller.delete(`${path}/${other.passkeyId}`), 404, 'CREDENTIAL_NOT_FOUND');
    expect((await login(other)).status).toBe(200);
    const both = await Promise.all([1, 2].map(() => person.caller.delete(`${path}/${person.passkeyId}`)));
    expect(both.map(({ status }) => status).sort()).toEqual([200, 404]);
  });

  it.each(['x', '0', '-1', '1.5'])('422 for %s', async id => {
    const { caller } = await identity.person();
    expectError(await caller.delete(`${path}/${id}`), 422, 'VALIDATION_ERROR');
  });
});
