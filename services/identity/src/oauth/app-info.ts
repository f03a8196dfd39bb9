import { SCOPES } from '@rivergate/caller';
import { memberPrincipal, organizationName } from '@rivergate/contracts';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { authenticationIn, missesEssentialAcr, needsSignIn } from '../openid/authentication.ts';
import { readAuthenticationRequest } from '../openid/authentication-request.ts';
import { brandingOfClient, OrganizationBranding } from '../organizations/branding.ts';
import {
  ScopeNotAllowed,
  TargetNotAllowed,
  UnknownClient,
  UnknownRequest,
  UnregisteredRedirectUri,
} from './answer-consent-as-json.ts';
import { consentFor, missingFor } from './authorization.ts';
import {
  answerable,
  askedBy,
  askingClient,
  authorizationParameters,
  type Unanswerable,
} from './authorization-request.ts';
import { hasConsented } from './consent-store.ts';
import { openPushed } from './pushed-request-store.ts';
import { addressOf } from './redirect-back.ts';
import { authorizationScopes, IDENTITY_SCOPES, identityOf, rightsOf } from './scope.ts';

export const appInfo = endpoint(
  {
    operation: 'getOauthConsent',
    method: 'get',
    path: '/api/v1/oauth/app-info',
    summary: 'What a consent screen shows',
    description:
      'Checks client, redirect URI and scopes before the user is asked. With the access token of a session it also says ' +
      'whether that user has to be asked at all. Parameters of the request that are not named here are ignored.',
    caller: 'public',
    bearer: 'optional',
    query: answerable(z.looseObject({ ...askingClient, ...authorizationParameters })),
    writes: true,
    answer: z.object({
      app_name: z.string().meta({ examples: ['Warehouse dashboard'] }),
      description: z
        .string()
        .nullable()
        .meta({ examples: ['Shows what is in stock'] }),
      scopes: z.array(z.enum(SCOPES)).meta({ description: 'Of the application' }),
      requested_scopes: z
        .array(z.enum(SCOPES))
        .meta({ description: 'Without scope, those of the application' }),
      identity_scopes: z
        .array(z.enum(IDENTITY_SCOPES))
        .meta({ description: 'What the application wants to know of the user, by claims too' }),
      organization_name: z.string().meta({ examples: ['Analytical Engines'] }),
      branding: OrganizationBranding,
      redirect_uri: z.string().meta({ examples: ['https://app.example.com/callback'] }),
      login_hint: z
        .string()
        .nullable()
        .meta({ description: 'Address that the page fills in', examples: ['ada@example.com'] }),
      registration_wanted: z.boolean().meta({
        description: 'Whether the page begins with making an account (prompt=create)',
      }),
      verified: z.boolean().meta({
        description:
          'False for a client that registered itself: nobody of the organization has vouched for it',
      }),
      denial_url: z.string().meta({
        description: 'Where the user goes who turns back before deciding',
        examples: ['https://app.example.com/callback?error=access_denied&state=af0ifjsldkj'],
      }),
      viewer: z
        .object({
          is_member: z.boolean().meta({ description: 'Whether the user may authorize the application' }),
          is_active: z.boolean().meta({
            description: 'Whether the organization is the active one of the session',
          }),
          sign_in_required: z.boolean().meta({
            description:
              'Whether the request wants a sign-in that is still to come (prompt, max_age, an authentication context), or ' +
              'another user',
          }),
          consent_remembered: z.boolean().meta({
            description: 'Whether the user has agreed to all of this before, and need not be asked',
          }),
        })
        .nullable()
        .meta({ description: 'Of the session whose access token is sent' }),
      redirect_url: z
        .string()
        .nullable()
        .meta({
          description: 'Where to send the user at once: the request is refused, or nobody may be asked',
          examples: ['https://app.example.com/callback?error=login_required&state=af0ifjsldkj'],
        }),
    }),
    errors: [UnknownClient, UnknownRequest, UnregisteredRedirectUri, ScopeNotAllowed, TargetNotAllowed],
  },
  {
    async prepare({ query, caller: { userId, sessionId }, call, knex, settings: { publicUrl } }) {
      const asked = await askedBy({ knex, publicUrl }, query);
      if (typeof asked === 'string') throw failureOf(asked);
      const { client, request, pushedAs, organizationId: organization_id } = asked;
      const scopes = authorizationScopes(request.scope, client.scopes);
      if (!scopes) throw ScopeNotAllowed();
      if (organization_id === undefined) throw TargetNotAllowed();
      const isSignedIn = userId !== null && sessionId !== null;
      const [{ name }, standing] = await Promise.all([
        call(organizationName, { params: { organization_id } }),
        isSignedIn ? call(memberPrincipal, { params: { organization_id, user_id: userId } }) : undefined,
      ]);
      const organization = { id: organization_id, name };
      return { client, request, pushedAs, scopes, organization, isMember: standing?.member ?? false };
    },
    async handle({ caller, prepared, db, keys, settings, secretBox }) {
      const { client, request, pushedAs, scopes, organization, isMember } = prepared;
      if (pushedAs !== undefined) await openPushed(db, client.id, pushedAs);
      const issuer = settings.publicUrl;
      const asked = await readAuthenticationRequest(request, { clientId: client.client_id, issuer, keys });
      const shown = {
        app_name: client.name,
        description: client.description,
        scopes: client.scopes,
        requested_scopes: rightsOf(scopes),
        organization_name: organization.name,
        branding: await brandingOfClient(db, client, issuer),
        redirect_uri: request.redirect_uri,
        login_hint: request.login_hint ?? null,
        verified: !client.self_registered,
        denial_url: addressOf({ refusal: 'refused_by_user' }, { request }, { settings, secretBox })!,
      };
      if (typeof asked === 'string')
        return {
          ...shown,
          registration_wanted: false,
          identity_scopes: identityOf(scopes),
          viewer: null,
          redirect_url: addressOf({ refusal: asked }, { request }, { settings, secretBox })!,
        };
      const wanted = consentFor(scopes, asked);
      const signedIn = caller.sessionId === null ? undefined : await authenticationIn(db, caller.sessionId);
      const consent = {
        application_id: client.id,
        user_id: signedIn?.user_id ?? 0,
        scopes: wanted,
        redirect_uri: request.redirect_uri,
      };
      const silent = asked.prompts.has('none');
      const missing = silent ? await missingFor(db, asked, signedIn, consent) : undefined;
      const refusal = !silent || isMember || missing === 'login_required' ? missing : 'not_a_member';
      const wantsConsent = asked.prompts.has('consent') || asked.prompts.has('select_account');
      return {
        ...shown,
        registration_wanted: asked.prompts.has('create'),
        identity_scopes: identityOf(wanted),
        viewer: signedIn
          ? {
              is_member: isMember,
              is_active: caller.organizationId === organization.id,
              sign_in_required:
                needsSignIn(asked, signedIn, { anew: true }) || missesEssentialAcr(asked, signedIn),
              consent_remembered: !wantsConsent && (await hasConsented(db, consent, consent)),
            }
          : null,
        redirect_url: refusal ? addressOf({ refusal }, { request }, { settings, secretBox })! : null,
      };
    },
  },
);

function failureOf(refusal: Unanswerable) {
  if (refusal === 'unknown_client') return UnknownClient();
  if (refusal === 'unregistered_redirect_uri') return UnregisteredRedirectUri();
  if (refusal === 'pushed_request_required') return UnknownRequest('The client has to push its requests');
  return UnknownRequest();
}
