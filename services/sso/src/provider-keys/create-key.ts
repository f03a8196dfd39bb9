import { RateLimited } from '@rivergate/endpoint';
import { ssoProviderKeyCreated } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { requireOrganizationAccount } from '../organizations/organization-account.ts';
import { Named, ofProvider, ProviderNotFound } from '../providers/provider.ts';
import { lockSamlProvider, samlProviderOf } from '../providers/provider-store.ts';
import { insertKey, keyRowsOf } from './key-store.ts';
import { NextKeyThere, ofKey, ProviderKey, shownKey } from './provider-key.ts';

export const createKey = endpoint(
  {
    operation: 'createSsoProviderKey',
    method: 'post',
    path: '/sso/providers/:provider_id/keys',
    summary: 'Make the next key of the platform for a SAML provider',
    description:
      'The metadata has its certificate beside the current one from now on, and what is encrypted for it is decrypted. Give it to the ' +
      'provider, then activate the key.',
    caller: 'admin',
    activeOrganization: true,
    session: true,
    fresh: true,
    params: Named,
    status: 201,
    answer: z.object({ key: ProviderKey }),
    message: 'SSO provider key created successfully',
    errors: [ProviderNotFound, NextKeyThere, RateLimited],
  },
  {
    async prepare({ params, caller, briefly, limit }) {
      requireOrganizationAccount(caller);
      const { id } = await briefly(db => samlProviderOf(db, caller.organizationId, params.provider_id));
      // A key takes long to make.
      await limit('sso_provider_key', `provider ${id}`);
    },
    async handle({ params, caller, db, emit, secretBox }) {
      const { organizationId } = caller;
      const provider = await lockSamlProvider(db, organizationId, params.provider_id);
      if ((await keyRowsOf(db, secretBox, provider)).length > 1) throw NextKeyThere();
      const key = await insertKey(db, secretBox, provider, 'next');
      const data = { ...ofProvider(provider), ...ofKey(key) };
      await emit(ssoProviderKeyCreated, { aggregateId: provider.id, organizationId, data });
      return { key: shownKey(key) };
    },
  },
);
