import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settingsFromEnv } from '../settings.ts';
import { type IdentityUnderTest, startIdentityUnderTest } from '../testing/identity-under-test.ts';
import { passkeysUnderTest } from '../testing/passkeys-under-test.ts';
import { softwareAuthenticator } from '../testing/software-authenticator.ts';

describe('the relying party', () => {
  const relyingParty = (env: Record<string, string>) => settingsFromEnv(env).relyingParty;

  it('is the host of PUBLIC_URL, with the origins of PUBLIC_URL and APP_URL, unless set', () => {
    expect(
      relyingParty({ PUBLIC_URL: 'https://api.example.com/', APP_URL: 'https://app.example.com/x' }),
    ).toEqual({
      name: 'Rivergate',
      id: 'api.example.com',
      origins: ['https://api.example.com', 'https://app.example.com'],
    });
    const one = relyingParty({ PUBLIC_URL: 'https://example.com' });
    expect(one.origins).toEqual(['https://example.com']);
    const set = {
      PUBLIC_URL: 'https://api.example.com',
      WEBAUTHN_RP_NAME: 'Example',
      WEBAUTHN_RP_ID: 'Example.com',
      WEBAUTHN_ORIGINS: 'https://app.example.com, https://example.org',
    };
    expect(relyingParty(set)).toEqual({
      name: 'Example',
      id: 'example.com',
      origins: ['https://app.example.com', 'https://example.org'],
    });
  });

  it.each([
    ['WEBAUTHN_ORIGINS', { WEBAUTHN_ORIGINS: 'https://example.com/path' }],
    ['WEBAUTHN_ORIGINS', { WEBAUTHN_ORIGINS: 'example.com' }],
    ['WEBAUTHN_ORIGINS', { WEBAUTHN_ORIGINS: 'https://example.com,' }],
    ['WEBAUTHN_RP_ID', { WEBAUTHN_RP_ID: 'ample.com' }],
    ['WEBAUTHN_RP_ID', { WEBAUTHN_RP_ID: 'https://example.com' }],
  ])('stops the service where %s is wrong: %j', (variable, env) => {
    expect(() => relyingParty({ PUBLIC_URL: 'https://example.com', ...env })).toThrow(variable);
  });
});

describe('with related origins', () => {
  const origins = ['https://login.example.com', 'https://example.org'];
  let identity: IdentityUnderTest;
  beforeAll(async () => {
    identity = await startIdentityUnderTest({
      WEBAUTHN_RP_NAME: 'Example',
      WEBAUTHN_RP_ID: 'example.com',
      WEBAUTHN_ORIGINS: origins.join(','),
    });
  });
  afterAll(() => identity.stop());
  const { startRegistration, register, login } = passkeysUnderTest(() => identity);

  it('a passkey is good at each of them', async () => {
    const person = await identity.person();
    expect((await startRegistration(person)).body.data.rp).toEqual({ name: 'Example', id: 'example.com' });
    for (const origin of origins) {
      const authenticator = softwareAuthenticator(origin);
      expect((await register(person, authenticator)).status).toBe(200);
      for (const elsewhere of origins)
        expect((await login({ email: person.email, authenticator }, { origin: elsewhere })).status).toBe(200);
    }
  });

  it('browsers are told of them', async () => {
    const { status, headers, body } = await identity.anonymous().get('/.well-known/webauthn');
    expect([status, body]).toEqual([200, { origins }]);
    expect(headers.get('content-type')).toMatch(/^application\/json\b/);
  });
});
