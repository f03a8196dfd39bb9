import { EmailTaken } from '@rivergate/contracts';
import { displayText, error } from '@rivergate/endpoint';
import { z } from 'zod';
import { CURRENT_TERMS } from '../accounts/account-store.ts';
import { endpoint } from '../endpoint.ts';
import { InvalidProvider } from './errors.ts';
import { lockFound } from './find-account.ts';
import { identify } from './identify.ts';
import { registerSocial } from './register-social.ts';
import { ReturnedCode } from './social-login.ts';
import { beginSocialSession, SocialLogin } from './social-session.ts';

export const SocialSignupFailed = error(
  'SOCIAL_SIGNUP_FAILED',
  400,
  'Signing up with the provider failed; try again',
);

export const socialSignup = endpoint(
  {
    operation: 'signUpSocially',
    method: 'post',
    path: '/auth/oauth/signup',
    summary: 'Social signup with an authorization code',
    caller: 'public',
    body: ReturnedCode.extend({
      agree_to_terms: z.literal(true, 'the terms have to be accepted').default(true),
      terms_version: displayText(50).default(CURRENT_TERMS),
    }),
    status: 201,
    answer: SocialLogin,
    message: 'Signed in with GitHub',
    messageInData: true,
    errors: [SocialSignupFailed, InvalidProvider, EmailTaken],
    rateLimit: 'signup',
    idempotency: { seconds: 60, randomKey: true },
  },
  {
    prepare({ body, ...tools }) {
      const { provider, code, state, iss } = body;
      const errors = { failed: SocialSignupFailed, invalidState: SocialSignupFailed };
      return identify(tools, provider, { code, state, issuer: iss }, errors);
    },
    async handle(context) {
      const { body, prepared, db } = context;
      const { provider, profile } = prepared;
      const found = await lockFound(db, prepared);
      if (found.state === 'known' || found.state === 'elsewhere') throw EmailTaken();
      if (profile.email === null)
        throw SocialSignupFailed(`${provider.title} gives no verified address of yours`);
      const userId = await registerSocial(context, { ...profile, email: profile.email }, body.terms_version);
      return beginSocialSession(context, prepared, { userId, by: 'signup', place: undefined });
    },
  },
);
