import { oidcProvider, textOf } from '../oidc.ts';

/** https://developers.google.com/identity/openid-connect/openid-connect */
export const google = oidcProvider({
  name: 'google',
  title: 'Google',
  issuer: 'https://accounts.google.com',
  scope: 'openid email profile',
  profileOf: ({ sub, email, email_verified, name, picture }) => ({
    subject: sub,
    email: email_verified === true ? textOf(email) : null,
    displayName: textOf(name),
    pictureUrl: textOf(picture),
  }),
});
