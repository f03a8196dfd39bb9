import { ssoProviderKeyActivated } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { requireOrganizationAccount } from '../organizations/organization-account.ts';
import { ofProvider, ProviderNotFound } from '../providers/provider.ts';
import { lockSamlProvider } from '../providers/provider-store.ts';
import { keyOf, makeCurrent } from './key-store.ts';
import { NamedKey, ofKey, ProviderKey, ProviderKeyNotFound, shownKey } from './provider-key.ts';

export const activateKey = endpoint(
  {
    operation: 'activateSsoProviderKey',
    method: 'post',
    path: '/sso/providers/:provider_id/keys/:key_id/activate',
    summary: 'Sign by another key of the platform',
    description:
      'The one that was current becomes the previous one: it decrypts still, until it is deleted, and is activated again where the ' +
      'provider does not take the new one. Activating the current one changes nothing.',
    caller: 'admin',
    activeOrganization: true,
    session: true,
    fresh: true,
    params: NamedKey,
    answer: z.object({ key: ProviderKey }),
    message: 'SSO provider key activated successfully',
    errors: [ProviderNotFound, ProviderKeyNotFound],
  },
  async ({ params, caller, db, emit }) => {
    requireOrganizationAccount(caller);
    const { organizationId } = caller;
    const provider = await lockSamlProvider(db, organizationId, params.provider_id);
    const key = await keyOf(db, provider.id, params.key_id);
    if (!key) throw ProviderKeyNotFound();
    if (key.state === 'current') return { key: shownKey(key) };
    await makeCurrent(db, key);
    const data = { ...ofProvider(provider), ...ofKey(key) };
    await emit(ssoProviderKeyActivated, { aggregateId: provider.id, organizationId, data });
    return { key: shownKey({ ...key, state: 'current' }) };
  },
);
