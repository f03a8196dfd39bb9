import { deletion } from '@rivergate/endpoint';
import { ssoProviderDeactivated, ssoProviderDeleted } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { keepAProvider, ProviderNeeded } from '../enforcement/enforcement-store.ts';
import { requireOrganizationAccount } from '../organizations/organization-account.ts';
import { Named, ofProvider, ProviderNotFound } from './provider.ts';
import { lockProvider, providersOf } from './provider-store.ts';

const removed = deletion('provider');

export const deleteProvider = endpoint(
  {
    operation: 'deleteSsoProvider',
    method: 'delete',
    path: '/sso/providers/:provider_id',
    summary: 'Delete a provider',
    description:
      'Who its people are here is forgotten with it, and its log. Accounts and memberships stay, and sessions unless ' +
      'end_sessions says otherwise.',
    caller: 'admin',
    activeOrganization: true,
    session: true,
    params: Named,
    query: z.object({
      end_sessions: z.boolean().default(false),
    }),
    answer: removed.answer,
    message: 'SSO provider deleted successfully',
    errors: [ProviderNotFound, ProviderNeeded],
  },
  async ({ params, query, caller, db, emit }) => {
    requireOrganizationAccount(caller);
    const { organizationId } = caller;
    const provider = await lockProvider(db, organizationId, params.provider_id);
    const { id } = provider;
    await keepAProvider(db, organizationId, id);
    await providersOf(db, organizationId).where({ id }).delete();
    const fact = { aggregateId: id, organizationId };
    await emit(ssoProviderDeleted, { ...fact, data: ofProvider(provider) });
    const ended = { organization_id: organizationId, provider_id: id, end_sessions: query.end_sessions };
    await emit(ssoProviderDeactivated, { ...fact, data: ended });
    return removed.of(id);
  },
);
