import { memberPrincipal } from '@rivergate/contracts';
import type { Call, Emit } from '@rivergate/endpoint';
import { oneTimeToken, tokenHash } from '@rivergate/secrets';
import type { Knex } from 'knex';
import { z } from 'zod';
import type { IdentityTools } from '../endpoint.ts';
import { isRegistered } from '../oauth-applications/redirect-uri.ts';
import { acrOf } from '../openid/acr.ts';
import {
  type Authentication,
  authenticationIn,
  missesEssentialAcr,
  needsSignIn,
} from '../openid/authentication.ts';
import {
  type AuthenticationRequest,
  type RequestFlaw,
  readAuthenticationRequest,
} from '../openid/authentication-request.ts';
import { scopesOfClaims } from '../openid/identity-claims.ts';
import { type OpenidParameters, openidParameters } from '../openid/request-parameters.ts';
import { type Client, clientById, holdClient } from './client-store.ts';
import { type ChallengeParameters, isWellFormed, keptChallenge } from './code-challenge.ts';
import { type Consent, hasConsented, rememberConsent } from './consent-store.ts';
import { approveGrant, refuseGrant } from './grant-decision.ts';
import { THUMBPRINT } from './proven-key.ts';
import { authorizationScopes, type GrantedScope, ScopeParameter } from './scope.ts';

/** What the three ways to authorize take alike; the challenge is checked where it is known how to refuse it. */
export const authorizationParameters = {
  client_id: z
    .string()
    .max(255)
    .meta({ examples: ['5f0c1c0e-3f43-4a5e-9a51-6a7b1c2d3e4f'] }),
  redirect_uri: z
    .string()
    .max(2_000)
    .meta({
      description: 'One that is registered, to the letter',
      examples: ['https://app.example.com/callback'],
    }),
  scope: ScopeParameter.optional(),
  state: z
    .string()
    .max(4_000)
    .optional()
    .meta({ description: 'Comes back unchanged', examples: ['af0ifjsldkj'] }),
  ...openidParameters,
};

export interface AuthorizationRequest extends ChallengeParameters, OpenidParameters {
  client_id: string;
  redirect_uri: string;
  scope?: string | undefined;
  state?: string | undefined;
  /** Thumbprint of a key; the code is exchanged with its proof alone (RFC 9449, section 10). */
  dpop_jkt?: string | undefined;
}

/** What of a request says where it can be refused at all, and whether the user belongs to the organization. */
export type Standing = { client: Client; isMember: boolean } | 'unknown_client' | 'unregistered_redirect_uri';

/** Before the transaction: organization is asked whether the user is a member. */
export async function standingOf(
  { knex, call }: { knex: Knex; call: Call },
  userId: number,
  { client_id, redirect_uri }: AuthorizationRequest,
): Promise<Standing> {
  const client = await clientById(knex, client_id);
  if (!client) return 'unknown_client';
  if (!isRegistered(client.redirect_uris, redirect_uri)) return 'unregistered_redirect_uri';
  const question = { params: { organization_id: client.organization_id, user_id: userId } };
  return { client, isMember: (await call(memberPrincipal, question)).member };
}

export type Refusal =
  | 'unknown_client'
  | 'unregistered_redirect_uri'
  | 'unauthorized_client'
  | 'invalid_request'
  | 'invalid_scope'
  | 'not_a_member'
  | 'refused_by_user'
  | RequestFlaw
  | Interaction;

/** What would have to happen first: the user signs in, again or at all where nobody may be asked, or agrees, or by stronger means. */
type Interaction =
  | 'sign_in_again'
  | 'login_required'
  | 'consent_required'
  | 'unmet_authentication_requirements';

interface Tools extends Pick<IdentityTools, 'keys' | 'settings'> {
  db: Knex.Transaction;
  emit: Emit;
}

/**
 * The user's decision about a request of which everything is checked, also for a refusal.
 *
 * @returns a code (RFC 6749, section 4.1.2), or why there is none
 */
export async function decide(
  { db, emit, keys, settings }: Tools,
  { userId, sessionId }: { userId: number; sessionId: number },
  request: AuthorizationRequest & { approve: boolean },
  standing: Standing,
): Promise<{ code: string } | { refusal: Refusal }> {
  if (typeof standing === 'string') return { refusal: standing };
  const client = await holdClient(db, request.client_id);
  if (!client) return { refusal: 'unknown_client' };
  const scopes = authorizationScopes(request.scope, client.scopes);
  const flaw = flawOf(client, request, scopes);
  if (flaw) return { refusal: flaw };
  const by = { clientId: client.client_id, issuer: settings.publicUrl, keys };
  const asked = await readAuthenticationRequest(request, by);
  if (typeof asked === 'string') return { refusal: asked };
  if (!standing.isMember) return { refusal: 'not_a_member' };

  if (!request.approve) {
    await refuseGrant({ emit }, client, userId);
    return { refusal: 'refused_by_user' };
  }
  const consent = consentFor(scopes!, asked);
  const authentication = await authenticationIn(db, sessionId);
  const missing = await missingFor(db, asked, authentication, {
    application_id: client.id,
    user_id: userId,
    scopes: consent,
    redirect_uri: request.redirect_uri,
  });
  if (missing) return { refusal: missing };
  await rememberConsent(db, { application_id: client.id, user_id: userId }, consent);
  const code = oneTimeToken();
  await approveGrant({ db, emit }, client, userId, {
    session_id: sessionId,
    scopes: scopes!,
    grant_type: 'authorization_code',
    redirect_uri: request.redirect_uri,
    code_hash: tokenHash(code),
    code_challenge: keptChallenge(request),
    key_thumbprint: request.dpop_jkt ?? null,
    ...(scopes!.includes('openid') ? idTokenFacts(request, asked, authentication!.methods) : {}),
  });
  return { code };
}

/** What of a request is kept for the ID token. */
function idTokenFacts(
  { nonce }: AuthorizationRequest,
  { claims, acrValues }: AuthenticationRequest,
  methods: readonly string[],
) {
  const acr = acrOf(methods, [...claims.essentialAcr, ...acrValues]);
  return { nonce: nonce ?? null, acr, claims: claims.requested };
}

/** What the user has to agree to. */
export function consentFor(
  scopes: readonly GrantedScope[],
  { claims }: AuthenticationRequest,
): GrantedScope[] {
  const byClaims = scopes.includes('openid') ? scopesOfClaims(claims.requested) : [];
  return [...new Set([...scopes, ...byClaims])];
}

/** What has to happen before a request can be granted; where nobody may be asked, that is told to the client. */
export async function missingFor(
  db: Knex,
  request: AuthenticationRequest,
  authentication: Authentication | undefined,
  consent: Consent & { scopes: readonly GrantedScope[]; redirect_uri: string },
): Promise<Interaction | undefined> {
  const silent = request.prompts.has('none');
  if (!authentication || needsSignIn(request, authentication, { anew: false }))
    return silent ? 'login_required' : 'sign_in_again';
  if (missesEssentialAcr(request, authentication)) return 'unmet_authentication_requirements';
  return silent && !(await hasConsented(db, consent, consent)) ? 'consent_required' : undefined;
}

function flawOf(
  client: Client,
  request: AuthorizationRequest,
  scopes: GrantedScope[] | undefined,
): Refusal | undefined {
  if (!isRegistered(client.redirect_uris, request.redirect_uri)) return 'unregistered_redirect_uri';
  if (!client.grant_types.includes('authorization_code')) return 'unauthorized_client';
  if (!isWellFormed(request)) return 'invalid_request';
  if (request.dpop_jkt !== undefined && !THUMBPRINT.test(request.dpop_jkt)) return 'invalid_request';
  return scopes ? undefined : 'invalid_scope';
}
