import { error, Forbidden } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { decide, type Refusal, standingOf } from './authorization.ts';
import { answerable, askingClient, authorizationParameters } from './authorization-request.ts';
import { CHALLENGE_METHODS, PKCE_TEXT } from './code-challenge.ts';
import { THUMBPRINT } from './proven-key.ts';
import { addressOf } from './redirect-back.ts';

export const UnknownClient = error('INVALID_CLIENT', 400, 'The client is unknown or revoked');
export const UnregisteredRedirectUri = error(
  'INVALID_REDIRECT_URI',
  400,
  'The application has not registered this redirect URI',
);
export const ScopeNotAllowed = error(
  'INVALID_SCOPE',
  400,
  'The application may not have all of these scopes',
);
export const TargetNotAllowed = error(
  'INVALID_TARGET',
  400,
  'The application is not for this resource, or its organization does not let the application in',
);
export const UnknownRequest = error(
  'INVALID_REQUEST_URI',
  400,
  'The pushed request is unknown, used or expired, or there has to be one',
);
/** The page has the user sign in once more; where it may not ask anybody, the client is told instead. */
const LoginRequired = error('LOGIN_REQUIRED', 403, 'This request wants the user to sign in anew');
const NotForThisGrant = error('UNAUTHORIZED_CLIENT', 400, 'The application is not registered for this grant');

export const answerConsentAsJson = endpoint(
  {
    operation: 'answerOauthConsentAsJson',
    method: 'post',
    path: '/api/v1/oauth/authorize',
    summary: "The signed-in user's answer to an OAuth client, for a front end that redirects by itself",
    description:
      'What the client is to be told, errors of OpenID Connect too, is in redirect_url. LOGIN_REQUIRED asks for another ' +
      'sign-in first, because of prompt, max_age, or another user than the expected one; SSO_REQUIRED asks for one at the ' +
      'identity provider of the organization. Parameters of the request that are ' +
      'not named here are ignored (RFC 6749, section 3.1).',
    caller: 'user',
    session: true,
    body: answerable(
      z.looseObject({
        ...askingClient,
        ...authorizationParameters,
        code_challenge: z
          .string()
          .regex(PKCE_TEXT)
          .optional()
          .meta({ examples: ['E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'] }),
        code_challenge_method: z.enum(CHALLENGE_METHODS).optional().meta({
          description: 'Needs code_challenge; plain without one',
        }),
        dpop_jkt: z
          .string()
          .regex(THUMBPRINT)
          .optional()
          .meta({ examples: ['0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I'] }),
        approve: z.boolean(),
      }),
    ).refine(body => body.code_challenge_method === undefined || body.code_challenge !== undefined, {
      path: ['code_challenge'],
      error: 'is required with code_challenge_method',
      params: { code: 'required' },
    }),
    answer: z.object({
      redirect_url: z.string().meta({
        examples: ['https://app.example.com/callback?code=SplxlOBeZQQYbYS6WxSbIA&state=af0ifjsldkj'],
      }),
    }),
    errors: [
      UnknownClient,
      UnregisteredRedirectUri,
      ScopeNotAllowed,
      TargetNotAllowed,
      UnknownRequest,
      NotForThisGrant,
      LoginRequired,
      Forbidden,
    ],
    idempotency: { seconds: 60, randomKey: true },
  },
  {
    prepare: ({ body, caller, ...tools }) => standingOf(tools, caller.userId, body),
    async handle({ body, caller, prepared, ...tools }) {
      const outcome = await decide(tools, caller, body, prepared);
      const failure = 'refusal' in outcome ? (outcome.failure ?? failureOf(outcome.refusal)) : undefined;
      if (failure) throw failure;
      return { redirect_url: addressOf(outcome, prepared, tools)! };
    },
  },
);

/** What is told to the front end; everything else is told to the client. */
function failureOf(refusal: Refusal) {
  if (refusal === 'unknown_request') return UnknownRequest();
  if (refusal === 'pushed_request_required') return UnknownRequest('The client has to push its requests');
  if (refusal === 'invalid_target') return TargetNotAllowed();
  if (refusal === 'unknown_client') return UnknownClient();
  if (refusal === 'unregistered_redirect_uri') return UnregisteredRedirectUri();
  if (refusal === 'unauthorized_client') return NotForThisGrant();
  if (refusal === 'invalid_scope') return ScopeNotAllowed();
  if (refusal === 'sign_in_again') return LoginRequired();
  if (refusal === 'not_a_member')
    return Forbidden('You are no member of the organization of this application');
  return undefined;
}
