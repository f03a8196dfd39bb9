import { memberPrincipal } from '@rivergate/contracts';
import { type Call, type Emit, Failure, SsoRequired } from '@rivergate/endpoint';
import { oneTimeToken, tokenHash } from '@rivergate/secrets';
import type { Knex } from 'knex';
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
import { reachesOrganization } from '../sessions/session-store.ts';
import {
  type Asked,
  type AuthorizationRequest,
  askedBy,
  type GivenRequest,
  type Unanswerable,
} from './authorization-request.ts';
import { type Client, holdClient, isPublic } from './client-store.ts';
import { isS256, isWellFormed, keptChallenge } from './code-challenge.ts';
import { type Consent, hasConsented, rememberConsent } from './consent-store.ts';
import { approveGrant, refuseGrant } from './grant-decision.ts';
import { THUMBPRINT } from './proven-key.ts';
import { usePushed } from './pushed-request-store.ts';
import { targetOf } from './resource.ts';
import { authorizationScopes, type GrantedScope } from './scope.ts';

/** A request, and whether the user belongs to the organization that it is for. */
export type Standing = (Asked & { isMember: boolean }) | Unanswerable;

/** Before the transaction: organization is asked whether the user is a member. */
export async function standingOf(
  { knex, call, settings: { publicUrl } }: Pick<IdentityTools, 'knex' | 'settings'> & { call: Call },
  userId: number,
  given: GivenRequest,
): Promise<Standing> {
  const asked = await askedBy({ knex, publicUrl }, given);
  if (typeof asked === 'string') return asked;
  const { organizationId: organization_id } = asked;
  if (organization_id === undefined) return { ...asked, isMember: false };
  const question = { params: { organization_id, user_id: userId } };
  return { ...asked, isMember: (await call(memberPrincipal, question)).member };
}

export type Refusal =
  | Unanswerable
  | 'unauthorized_client'
  | 'invalid_request'
  | 'invalid_scope'
  | 'invalid_target'
  | 'not_a_member'
  | 'sso_required'
  | 'refused_by_user'
  | RequestFlaw
  | Interaction;

/** What would have to happen first: the user signs in, again or at all where nobody may be asked, or agrees, or by stronger means. */
type Interaction =
  | 'sign_in_again'
  | 'login_required'
  | 'consent_required'
  | 'unmet_authentication_requirements';

export type Outcome = { code: string } | { refusal: Refusal; failure?: Failure };

interface Tools extends Pick<IdentityTools, 'keys' | 'settings'> {
  db: Knex.Transaction;
  emit: Emit;
}

/**
 * The user's decision about a request of which everything is checked, also for a refusal.
 *
 * @returns a code (RFC 6749, section 4.1.2), or why there is none: as a failure too, where that tells the user more
 */
export async function decide(
  { db, emit, keys, settings }: Tools,
  { userId, sessionId }: { userId: number; sessionId: number },
  { approve }: { approve: boolean },
  standing: Standing,
): Promise<Outcome> {
  if (typeof standing === 'string') return { refusal: standing };
  const { request, pushedAs } = standing;
  const client = await holdClient(db, standing.client.client_id);
  if (!client) return { refusal: 'unknown_client' };
  if (pushedAs !== undefined && !(await usePushed(db, client.id, pushedAs)))
    return { refusal: 'unknown_request' };
  const organization_id = await targetOf(db, client, request.resource, settings.publicUrl);
  const scopes = authorizationScopes(request.scope, client.scopes);
  const flaw = flawOf(client, request, scopes);
  if (flaw) return { refusal: flaw };
  if (organization_id === undefined) return { refusal: 'invalid_target' };
  const by = { clientId: client.client_id, issuer: settings.publicUrl, keys };
  const asked = await readAuthenticationRequest(request, by);
  if (typeof asked === 'string') return { refusal: asked };
  if (!standing.isMember || !(await reachesOrganization(db, sessionId, organization_id)))
    return { refusal: 'not_a_member' };

  if (!approve) {
    await refuseGrant({ emit }, client, userId, organization_id);
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
  const code = oneTimeToken();
  const grant = {
    organization_id,
    resource: request.resource ?? null,
    session_id: sessionId,
    scopes: scopes!,
    grant_type: 'authorization_code',
    redirect_uri: request.redirect_uri,
    code_hash: tokenHash(code),
    code_challenge: keptChallenge(request),
    key_thumbprint: request.dpop_jkt ?? null,
    ...(scopes!.includes('openid') ? idTokenFacts(request, asked, authentication!.methods) : {}),
  } as const;
  try {
    await approveGrant({ db, emit }, client, userId, grant);
  } catch (cause) {
    if (!(cause instanceof Failure && cause.code === SsoRequired.code)) throw cause;
    return asked.prompts.has('none')
      ? { refusal: 'login_required' }
      : { refusal: 'sso_required', failure: cause };
  }
  // Behind the grant: a row that names the account would have this wait for the account before those that came first.
  await rememberConsent(db, { application_id: client.id, user_id: userId }, consent);
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
  // Where nobody may be asked, nobody can have signed in for this request.
  if (!authentication || needsSignIn(request, authentication, { anew: silent }))
    return silent ? 'login_required' : 'sign_in_again';
  if (missesEssentialAcr(request, authentication)) return 'unmet_authentication_requirements';
  return silent && !(await hasConsented(db, consent, consent)) ? 'consent_required' : undefined;
}

/** What is wrong with a request, whoever decides about it. */
export function flawOf(client: Client, request: AuthorizationRequest, scopes: GrantedScope[] | undefined) {
  if (!isRegistered(client.redirect_uris, request.redirect_uri)) return 'unregistered_redirect_uri';
  if (!client.grant_types.includes('authorization_code')) return 'unauthorized_client';
  if (!isWellFormed(request) || (isPublic(client) && !isS256(request))) return 'invalid_request';
  if (request.dpop_jkt !== undefined && !THUMBPRINT.test(request.dpop_jkt)) return 'invalid_request';
  return scopes ? undefined : 'invalid_scope';
}
