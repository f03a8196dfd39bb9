import { error, IpNotAllowed, SsoRequired } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { AccountDisabled } from '../login/login-errors.ts';
import { InvalidProvider } from './errors.ts';
import { finishSocialLogin, prepareSocialLogin } from './log-in.ts';
import { ProviderName } from './provider-name.ts';
import { SocialLogin } from './social-session.ts';

export const SocialLoginFailed = error(
  'SOCIAL_LOGIN_FAILED',
  400,
  'Signing in at the provider failed; try again',
);

/** What a client sends that took the code from the provider itself. */
export const ReturnedCode = z.object({
  provider: ProviderName,
  code: z
    .string()
    .min(1)
    .max(8_192)
    .meta({ examples: ['SplxlOBeZQQYbYS6WxSbIA'] }),
  state: z
    .string()
    .max(2_048)
    .optional()
    .meta({ description: 'Required where the code came through a URL of getSocialLoginUrl' }),
  iss: z
    .string()
    .max(2_048)
    .optional()
    .meta({ description: 'As it came with the code (RFC 9207); checked where it is given' }),
});

export const socialLogin = endpoint(
  {
    operation: 'logInSocially',
    method: 'post',
    path: '/auth/oauth/login',
    summary: 'Social login with an authorization code',
    description:
      'For the user whom the provider names, else the one with the address that the provider has verified. A ' +
      'registration of that address that was never verified is taken over. Who is unknown gets an account.',
    caller: 'public',
    body: ReturnedCode,
    answer: SocialLogin,
    message: 'Signed in with GitHub',
    messageInData: true,
    errors: [SocialLoginFailed, InvalidProvider, AccountDisabled, IpNotAllowed, SsoRequired],
    idempotency: { seconds: 60, randomKey: true },
  },
  {
    prepare({ body, ...tools }) {
      const { provider, iss, ...returned } = body;
      const errors = { failed: SocialLoginFailed, invalidState: SocialLoginFailed };
      return prepareSocialLogin(tools, provider, { ...returned, issuer: iss }, errors);
    },
    handle: context => finishSocialLogin(context, context.prepared, SocialLoginFailed),
  },
);
