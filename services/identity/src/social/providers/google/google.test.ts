import { clientOf, SECRET, startIdentityProvider } from '@rivergate/testing/identity-provider';
import { describe, expect, it } from 'vitest';
import { providersFromEnv } from '../index.ts';

const PUBLIC_URL = 'http://rivergate.test';

describe('Google', () => {
  it('is what its ID token says, the address if it is verified', async () => {
    const elsewhere = await startIdentityProvider({ clients: [clientOf('google')] });
    try {
      const env = {
        SOCIAL_GOOGLE_CLIENT_ID: 'rivergate-google',
        SOCIAL_GOOGLE_CLIENT_SECRET: SECRET,
        SOCIAL_GOOGLE_ISSUER: elsewhere.issuer,
      };
      const google = providersFromEnv(env, PUBLIC_URL).get('google')!;
      const secrets = { codeVerifier: 'v'.repeat(43), nonce: 'n'.repeat(43) };
      const signIn = async (claims: Record<string, unknown>) => {
        const url = await google.authorizationUrl('some-state', secrets);
        const { code } = await elsewhere.signIn(url, { sub: '1', email: 'ada@gmail.example', ...claims });
        return google.profileOf({ code: code!, flow: { state: 'some-state', secrets } });
      };
      const picture = 'https://pictures.example/ada';
      expect(await signIn({ email_verified: true, name: 'Ada', picture })).toEqual({
        subject: '1',
        email: 'ada@gmail.example',
        displayName: 'Ada',
        pictureUrl: picture,
      });
      expect(await signIn({ email_verified: false })).toEqual({
        subject: '1',
        email: null,
        displayName: null,
        pictureUrl: null,
      });
    } finally {
      await elsewhere.stop();
    }
  });
});
