import type { Knex } from 'knex';
import { z } from 'zod';
import { isRegistered } from '../oauth-applications/redirect-uri.ts';
import { type OpenidParameters, openidParameters } from '../openid/request-parameters.ts';
import { type Client, clientById } from './client-store.ts';
import type { ChallengeParameters } from './code-challenge.ts';
import { isPushed, pushedRequest } from './pushed-request-store.ts';
import { ResourceParameter, targetOf } from './resource.ts';
import { ScopeParameter } from './scope.ts';

/** What all ways to authorize take alike; the challenge is checked where it is known how to refuse it. */
export const authorizationParameters = {
  redirect_uri: z
    .string()
    .max(2_000)
    .optional()
    .meta({
      description: 'One that is registered, to the letter; required without request_uri',
      examples: ['https://app.example.com/callback'],
    }),
  scope: ScopeParameter.optional(),
  state: z
    .string()
    .max(4_000)
    .optional()
    .meta({ description: 'Comes back unchanged', examples: ['af0ifjsldkj'] }),
  resource: ResourceParameter.optional(),
  ...openidParameters,
};

/** Checked later: what is wrong with them is told to the client. */
export const challengeParameters = {
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

export const askingClient = {
  client_id: z
    .string()
    .max(255)
    .meta({ examples: ['5f0c1c0e-3f43-4a5e-9a51-6a7b1c2d3e4f'] }),
};

/** Refuses a request that says neither where to answer nor what was pushed. */
export function answerable<Schema extends z.ZodObject>(schema: Schema): Schema {
  return schema.refine(
    ({ redirect_uri, request_uri }) => redirect_uri !== undefined || request_uri !== undefined,
    {
      path: ['redirect_uri'],
      error: 'is required without request_uri',
      params: { code: 'required' },
    },
  );
}

/** What a client asks of a user. */
export interface AuthorizationRequest extends ChallengeParameters, OpenidParameters {
  redirect_uri: string;
  scope?: string | undefined;
  state?: string | undefined;
  resource?: string | undefined;
  /** Thumbprint of a key; the code is exchanged with its proof alone (RFC 9449, section 10). */
  dpop_jkt?: string | undefined;
}

/** The same as it comes. */
export type GivenRequest = Partial<AuthorizationRequest> & {
  client_id: string;
};

/** A request that can be answered, and refused, by redirect. */
export interface Asked {
  client: Client;
  request: AuthorizationRequest;
  /** The request_uri, where the client has pushed it. */
  pushedAs: string | undefined;
  /** Undefined where the client asks for what it is not for. */
  organizationId: number | undefined;
}

/** What cannot be answered by redirect. */
export type Unanswerable =
  | 'unknown_client'
  | 'unknown_request'
  | 'pushed_request_required'
  | 'unregistered_redirect_uri';

/** Whose request it is, what it says, and for which organization it is. */
export async function askedBy(
  { knex, publicUrl }: { knex: Knex; publicUrl: string },
  given: GivenRequest,
): Promise<Asked | Unanswerable> {
  const client = await clientById(knex, given.client_id);
  if (!client) return 'unknown_client';
  const pushedAs =
    given.request_uri !== undefined && isPushed(given.request_uri) ? given.request_uri : undefined;
  const request = await requestOf(knex, client, given, pushedAs);
  if (typeof request === 'string') return request;
  if (!isRegistered(client.redirect_uris, request.redirect_uri)) return 'unregistered_redirect_uri';
  const organizationId = await targetOf(knex, client, request.resource, publicUrl);
  return { client, request, pushedAs, organizationId };
}

/** What was pushed counts alone: what stands beside it in the address, anybody may have written (RFC 9126, section 4). */
async function requestOf(
  knex: Knex,
  client: Client,
  { client_id: _, redirect_uri, ...given }: GivenRequest,
  pushedAs: string | undefined,
): Promise<AuthorizationRequest | Unanswerable> {
  if (pushedAs !== undefined)
    return ((await pushedRequest(knex, client.id, pushedAs)) as AuthorizationRequest) ?? 'unknown_request';
  if (client.require_pushed_authorization_requests) return 'pushed_request_required';
  return redirect_uri === undefined ? 'unregistered_redirect_uri' : { ...given, redirect_uri };
}
