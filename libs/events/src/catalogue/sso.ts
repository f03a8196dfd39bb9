import { z } from 'zod';
import { Changes } from '../changes.ts';
import { event } from '../declaration.ts';
import { organizationErased, userErased } from './erasure.ts';

const Id = z.number().int();

export const ssoLoginEnded = event({
  type: 'sso.login.ended',
  version: 1,
  audit: 'sso.login.ended',
  summary: 'An identity provider has signed somebody out (single logout): the session of that sign-in ends',
  data: z.object({
    organization_id: Id,
    user_id: Id,
    /** As it was given to identity when the sign-in was completed. */
    login_id: z.string(),
  }),
});

export const ssoProviderDeactivated = event({
  type: 'sso.provider.deactivated',
  version: 1,
  audit: 'sso.provider.deactivated',
  summary:
    'Nobody signs in by an identity provider any more; where it says so, the sessions end that it opened',
  data: z.object({ organization_id: Id, provider_id: Id, end_sessions: z.boolean() }),
});

const Provider = z.object({
  provider_id: Id,
  organization_id: Id,
  provider_type: z.enum(['saml', 'oidc']),
  name: z.string(),
});

export const ssoProviderCreated = event({
  type: 'sso.provider.created',
  version: 1,
  audit: 'sso.provider.created',
  summary: 'An administrator set up an identity provider, by which members can sign in from now on',
  data: Provider.extend({ domains: z.array(z.string()) }),
  webhook: true,
});

export const ssoProviderUpdated = event({
  type: 'sso.provider.updated',
  version: 1,
  audit: 'sso.provider.updated',
  summary: 'What an administrator has set of an identity provider changed',
  data: Provider.extend({
    status: z.string(),
    /** Those that changed, also where `changes` does not say how, since they hold a secret. */
    fields: z.array(z.string()),
    changes: Changes,
  }),
  webhook: true,
});

export const ssoProviderDeleted = event({
  type: 'sso.provider.deleted',
  version: 1,
  audit: 'sso.provider.deleted',
  summary: 'An identity provider was taken away, and who its people were here forgotten',
  data: Provider,
  webhook: true,
});

export const ssoProviderTested = event({
  type: 'sso.provider.tested',
  version: 1,
  audit: 'sso.provider.tested',
  summary: 'An administrator had an identity provider checked',
  data: Provider.extend({ connection: z.string(), authentication_flow: z.string() }),
});

export const ssoConnected = event({
  type: 'sso.provider.connected',
  version: 1,
  audit: 'sso.connected',
  summary:
    'Somebody at an identity provider is a user from now on: by a first sign-in, or by proof of an account',
  data: z.object({ organization_id: Id, provider_id: Id, user_id: Id, by: z.enum(['sign_in', 'proof']) }),
  webhook: true,
});

export const ssoOrganizationErased = organizationErased('sso');

export const ssoUserErased = userErased('sso');
