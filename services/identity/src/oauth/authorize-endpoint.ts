import { OAUTH_HEADERS, redirect } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { decide, type Refusal, type Standing, standingOf } from './authorization.ts';
import {
  answerable,
  askingClient,
  authorizationParameters,
  challengeParameters,
} from './authorization-request.ts';
import { InvalidRequest, UnknownClient } from './oauth-errors.ts';
import { isPushed } from './pushed-request-store.ts';
import { addressOf } from './redirect-back.ts';

const shared = {
  path: '/oauth/authorize',
  caller: 'user',
  session: true,
  protocol: 'oauth',
  redirects: { status: 302, to: 'any' },
  errors: [InvalidRequest, UnknownClient],
} as const;

export const authorize = endpoint(
  {
    ...shared,
    operation: 'authorizeOauthClient',
    method: 'get',
    summary: 'Let an OAuth client act for the signed-in user',
    description:
      'Takes the access token of a session and approves at once; a front end that asks its user first answers with one of ' +
      'the POST variants. What is wrong with client or redirect URI is answered here, everything else by redirect.',
    writes: true,
    query: answerable(
      z.object({
        response_type: z
          .string()
          .max(100)
          .optional()
          .meta({ description: 'code; required unless it was pushed', examples: ['code'] }),
        ...askingClient,
        ...authorizationParameters,
        ...challengeParameters,
      }),
    ),
  },
  {
    check({ query }) {
      if (!isPushed(query.request_uri ?? '') && query.response_type !== 'code')
        throw InvalidRequest('There is one response_type: code');
    },
    prepare: ({ query, caller, ...tools }) => standingOf(tools, caller.userId, query),
    async handle({ caller, prepared, ...tools }) {
      const outcome = await decide(tools, caller, { approve: true }, prepared);
      return back(outcome, prepared, tools);
    },
  },
);

export const answerConsent = endpoint(
  {
    ...shared,
    operation: 'answerOauthConsent',
    method: 'post',
    summary: "The signed-in user's answer to an OAuth client",
    description: 'Everything is checked before any redirect, for a refusal too.',
    body: answerable(
      z.object({
        ...askingClient,
        ...authorizationParameters,
        ...challengeParameters,
        approve: z.boolean(),
      }),
    ),
    idempotency: false,
  },
  {
    prepare: ({ body, caller, ...tools }) => standingOf(tools, caller.userId, body),
    async handle({ body, caller, prepared, ...tools }) {
      const outcome = await decide(tools, caller, body, prepared);
      return back(outcome, prepared, tools);
    },
  },
);

/** @throws where nothing leads to the client: an address that it has not registered is followed by nobody */
function back(
  outcome: { code: string } | { refusal: Refusal },
  standing: Standing,
  tools: Parameters<typeof addressOf>[2],
) {
  const address = addressOf(outcome, standing, tools);
  if (address !== undefined) return redirect(address, { headers: OAUTH_HEADERS });
  const refusal = 'refusal' in outcome ? outcome.refusal : undefined;
  if (refusal === 'unknown_client') throw UnknownClient();
  if (refusal === 'unknown_request') throw InvalidRequest('The pushed request is unknown, used or expired');
  if (refusal === 'pushed_request_required') throw InvalidRequest('The client has to push its requests');
  throw InvalidRequest('The redirect URI is not registered');
}
