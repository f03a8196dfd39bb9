import { OAUTH_HEADERS, redirect } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { authorizationParameters, decide, type Refusal, standingOf } from './authorization.ts';
import { InvalidRequest, UnknownClient } from './oauth-errors.ts';
import { addressOf } from './redirect-back.ts';

/** Checked later: what is wrong with them is told to the client, by redirect. */
const challenge = {
  code_challenge: z
    .string()
    .max(1_000)
    .optional()
    .meta({ description: '43 to 128 characters', examples: ['E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'] }),
  code_challenge_method: z
    .string()
    .max(100)
    .optional()
    .meta({ description: 'S256, or plain, which it is without one', examples: ['S256'] }),
  dpop_jkt: z
    .string()
    .max(1_000)
    .optional()
    .meta({
      description: 'Thumbprint of the key of the DPoP proof with which the code will be exchanged',
      examples: ['0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I'],
    }),
};
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
    query: z.object({
      response_type: z
        .string()
        .max(100)
        .meta({ description: 'code', examples: ['code'] }),
      ...authorizationParameters,
      ...challenge,
    }),
  },
  {
    check({ query }) {
      if (query.response_type !== 'code') throw InvalidRequest('There is one response_type: code');
    },
    prepare: ({ query, caller, call, knex }) => standingOf({ call, knex }, caller.userId, query),
    async handle({ query, caller, prepared, db, emit, keys, settings }) {
      const outcome = await decide(
        { db, emit, keys, settings },
        caller,
        { ...query, approve: true },
        prepared,
      );
      return back(addressOf(outcome, query, settings.publicUrl), outcome);
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
    body: z.object({ ...authorizationParameters, ...challenge, approve: z.boolean() }),
    idempotency: false,
  },
  {
    prepare: ({ body, caller, call, knex }) => standingOf({ call, knex }, caller.userId, body),
    async handle({ body, caller, prepared, db, emit, keys, settings }) {
      const outcome = await decide({ db, emit, keys, settings }, caller, body, prepared);
      return back(addressOf(outcome, body, settings.publicUrl), outcome);
    },
  },
);

/** @throws where nothing leads to the client: an address that it has not registered is followed by nobody */
function back(address: string | undefined, outcome: { code: string } | { refusal: Refusal }) {
  if (address !== undefined) return redirect(address, { headers: OAUTH_HEADERS });
  throw 'refusal' in outcome && outcome.refusal === 'unknown_client'
    ? UnknownClient()
    : InvalidRequest('The redirect URI is not registered');
}
