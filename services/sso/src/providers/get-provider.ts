import { Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { statisticsOf } from '../attempts/attempt-store.ts';
import { verifiedDomainsOf } from '../domains/verified-domains.ts';
import { endpoint } from '../endpoint.ts';
import { requireOrganizationAccount } from '../organizations/organization-account.ts';
import { certificatesAndMetadata } from './metadata-state.ts';
import { Named, Provider, ProviderNotFound } from './provider.ts';
import { providerOf } from './provider-store.ts';
import { shownCertificates, shownMetadata, shownProvider } from './shown-provider.ts';

const Statistics = z.object({
  logins_total: z.int(),
  logins_30d: z.int(),
  failures_30d: z.int(),
  last_login_at: Timestamp.nullable(),
});

export const getProvider = endpoint(
  {
    operation: 'getSsoProvider',
    method: 'get',
    path: '/sso/providers/:provider_id',
    summary: 'Get a provider',
    description: 'Fields of the other provider_type are null.',
    caller: 'admin',
    activeOrganization: true,
    clients: true,
    params: Named,
    answer: z.object({
      provider: Provider.extend({ ...certificatesAndMetadata, statistics: Statistics }),
    }),
    message: 'SSO provider details retrieved successfully',
    messageInData: true,
    errors: [ProviderNotFound],
  },
  async ({ params, caller, db }) => {
    requireOrganizationAccount(caller);
    const { organizationId } = caller;
    const provider = await providerOf(db, organizationId, params.provider_id);
    const [verified, statistics] = await Promise.all([
      verifiedDomainsOf(db, organizationId),
      statisticsOf(db, provider.id),
    ]);
    return {
      provider: {
        ...shownProvider(provider, verified),
        certificates: shownCertificates(provider),
        metadata: shownMetadata(provider),
        statistics,
      },
    };
  },
);
