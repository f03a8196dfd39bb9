import { RoleNotFound, WorkspaceNotFound } from '@rivergate/contracts';
import { ssoProviderCreated } from '@rivergate/events';
import { z } from 'zod';
import { verifiedDomainsOf } from '../domains/verified-domains.ts';
import { endpoint } from '../endpoint.ts';
import { requireOrganizationAccount } from '../organizations/organization-account.ts';
import { configurationOf, requireFields, requireOwnFields } from './configuration.ts';
import {
  DEFAULT_MAPPING,
  DEFAULT_SCOPES,
  MOST_PROVIDERS,
  ofProvider,
  ProviderInBrief,
  ProviderType,
  settings,
  TooManyProviders,
} from './provider.ts';
import { inBrief, insertProvider, providersOf } from './provider-store.ts';

const REQUIRED = { saml: ['entity_id', 'sso_url', 'certificate'], oidc: ['issuer', 'client_id'] } as const;

export const createProvider = endpoint(
  {
    operation: 'createSsoProvider',
    method: 'post',
    path: '/sso/providers',
    summary: 'Add a SAML or OIDC provider',
    description:
      'It is active at once: members with an address in one of its domains that the organization has verified can sign in by ' +
      'it. Of a SAML provider, entity_id, sso_url and certificate are required, or metadata_url; of an OpenID provider, issuer and client_id. ' +
      'Without domains, it is for those that the organization has verified now.',
    caller: 'admin',
    activeOrganization: true,
    session: true,
    fresh: true,
    body: z
      .object({ ...settings, provider_type: ProviderType })
      .partial()
      .required({ provider_type: true, name: true })
      .meta({
        examples: [
          {
            provider_type: 'oidc',
            name: 'Corporate SSO',
            issuer: 'https://login.example.com',
            client_id: 'rivergate',
          },
        ],
      }),
    answer: z.object({ provider: ProviderInBrief }),
    status: 201,
    message: 'SSO provider created successfully',
    messageInData: true,
    errors: [TooManyProviders, RoleNotFound, WorkspaceNotFound],
  },
  {
    async prepare({ body: { provider_type, ...given }, caller, ...tools }) {
      requireOrganizationAccount(caller);
      requireOwnFields(provider_type, given);
      if (!given.metadata_url) requireFields(given, REQUIRED[provider_type]);
      const defaults = {
        attribute_mapping: DEFAULT_MAPPING[provider_type],
        ...(provider_type === 'oidc'
          ? { scopes: DEFAULT_SCOPES }
          : {
              idp_initiated: true,
              slo_binding: 'redirect' as const,
              sign_requests: false,
              encrypt_assertions: 'off' as const,
            }),
      };
      const configured = await configurationOf(tools, caller.organizationId, given, defaults);
      return { ...defaults, ...configured };
    },
    async handle({ body: { provider_type }, prepared, caller, db, emit }) {
      const { organizationId, userId } = caller;
      // Those who create at the same time wait for each other.
      await db.raw("select pg_advisory_xact_lock(hashtextextended('providers of ' || ?::text, 0))", [
        organizationId,
      ]);
      const counted = await providersOf(db, organizationId).count({ n: '*' }).first();
      if (Number(counted.n) >= MOST_PROVIDERS) throw TooManyProviders();
      const provider = await insertProvider(db, {
        ...prepared,
        domains: prepared.domains ?? (await verifiedDomainsOf(db, organizationId)),
        organization_id: organizationId,
        provider_type,
        created_by: userId,
      });
      const data = { ...ofProvider(provider), domains: provider.domains };
      await emit(ssoProviderCreated, { aggregateId: provider.id, organizationId, data });
      return { provider: inBrief(provider) };
    },
  },
);
