import { organizationList } from '@rivergate/endpoint';
import { verifiedDomainsOf } from '../domains/verified-domains.ts';
import { endpoint } from '../endpoint.ts';
import { requireOrganizationAccount } from '../organizations/organization-account.ts';
import { Provider } from './provider.ts';
import { type ProviderRow, providersOf } from './provider-store.ts';
import { shownProvider } from './shown-provider.ts';

const providers = organizationList('providers', Provider);

export const listProviders = endpoint(
  {
    operation: 'listSsoProviders',
    method: 'get',
    path: '/sso/providers',
    summary: 'Identity providers of the organization',
    description: 'The oldest first.',
    caller: 'admin',
    activeOrganization: true,
    clients: true,
    query: providers.query,
    answer: providers.answer,
  },
  async ({ query, caller, db }) => {
    requireOrganizationAccount(caller);
    const verified = await verifiedDomainsOf(db, caller.organizationId);
    return await providers.page(providersOf(db, caller.organizationId), query, {
      read: found => found.select('*').orderBy('id'),
      show: (row: ProviderRow) => shownProvider(row, verified),
    });
  },
);
