import { createPrivateKey, sign } from 'node:crypto';
import type { ClientAuth } from 'openid-client';
import { z } from 'zod';
import { oidcProvider, textOf } from '../oidc.ts';
import type { ProviderSettings } from '../provider.ts';

/** Seconds; Apple takes up to six months. */
const SECRET_LIFETIME = 300;

const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');

/**
 * The client's secret is a JWT by a key of the developer's team, made anew for each request.
 * https://developer.apple.com/documentation/accountorganizationaldatasharing/creating-a-client-secret
 */
export function appleClientSecret({ clientId, required }: ProviderSettings): ClientAuth {
  const teamId = required('TEAM_ID');
  const keyId = required('KEY_ID');
  const key = createPrivateKey(Buffer.from(required('PRIVATE_KEY'), 'base64').toString());
  return ({ issuer }, _client, body) => {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: teamId, sub: clientId, aud: issuer, iat: now, exp: now + SECRET_LIFETIME };
    const signed = `${encoded({ alg: 'ES256', kid: keyId })}.${encoded(claims)}`;
    const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
    body.set('client_id', clientId);
    body.set('client_secret', `${signed}.${signature.toString('base64url')}`);
  };
}

/** Sent beside the code, at the first login only. */
const AppleUser = z.object({
  name: z.object({ firstName: z.string().default(''), lastName: z.string().default('') }),
});

function nameIn(unsigned: string | undefined): string | null {
  if (unsigned === undefined) return null;
  try {
    const { firstName, lastName } = AppleUser.parse(JSON.parse(unsigned)).name;
    return `${firstName} ${lastName}`.trim() || null;
  } catch {
    return null;
  }
}

/** https://developer.apple.com/documentation/signinwithapplerestapi */
export const apple = oidcProvider({
  name: 'apple',
  title: 'Apple',
  issuer: 'https://appleid.apple.com',
  scope: 'openid email name',
  // Demanded where a scope is asked for.
  parameters: { response_mode: 'form_post' },
  clientAuthentication: appleClientSecret,
  profileOf: ({ sub, email, email_verified }, unsigned) => ({
    subject: sub,
    // A boolean in some tokens, text in others.
    email: email_verified === true || email_verified === 'true' ? textOf(email) : null,
    displayName: nameIn(unsigned),
    pictureUrl: null,
  }),
});
