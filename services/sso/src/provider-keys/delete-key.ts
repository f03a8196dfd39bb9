import { deletion } from '@rivergate/endpoint';
import { ssoProviderKeyDeleted } from '@rivergate/events';
import { endpoint } from '../endpoint.ts';
import { requireOrganizationAccount } from '../organizations/organization-account.ts';
import { ofProvider, ProviderNotFound } from '../providers/provider.ts';
import { lockSamlProvider } from '../providers/provider-store.ts';
import { deleteKeyRow, keyOf } from './key-store.ts';
import { KeyInUse, NamedKey, ofKey, ProviderKeyNotFound } from './provider-key.ts';

const removed = deletion('key');

export const deleteKey = endpoint(
  {
    operation: 'deleteSsoProviderKey',
    method: 'delete',
    path: '/sso/providers/:provider_id/keys/:key_id',
    summary: 'Delete a key of the platform that is not the current one',
    description:
      'The metadata has its certificate no more, and what is encrypted for it is refused. That ends a rotation; of the next key, it calls it off.',
    caller: 'admin',
    activeOrganization: true,
    session: true,
    fresh: true,
    params: NamedKey,
    answer: removed.answer,
    message: 'SSO provider key deleted successfully',
    errors: [ProviderNotFound, ProviderKeyNotFound, KeyInUse],
  },
  async ({ params, caller, db, emit }) => {
    requireOrganizationAccount(caller);
    const { organizationId } = caller;
    const provider = await lockSamlProvider(db, organizationId, params.provider_id);
    const key = await keyOf(db, provider.id, params.key_id);
    if (!key) throw ProviderKeyNotFound();
    if (key.state === 'current') throw KeyInUse();
    await deleteKeyRow(db, key);
    const data = { ...ofProvider(provider), ...ofKey(key) };
    await emit(ssoProviderKeyDeleted, { aggregateId: provider.id, organizationId, data });
    return removed.of(key.id);
  },
);
