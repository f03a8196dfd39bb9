import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { requireOrganizationAccount } from '../organizations/organization-account.ts';
import { Named, ProviderNotFound } from '../providers/provider.ts';
import { samlProviderOf } from '../providers/provider-store.ts';
import { keyRowsOf } from './key-store.ts';
import { ProviderKey, shownKey } from './provider-key.ts';

export const listKeys = endpoint(
  {
    operation: 'listSsoProviderKeys',
    method: 'get',
    path: '/sso/providers/:provider_id/keys',
    summary: 'Keys of the platform for a SAML provider',
    description:
      'By the current one the platform signs login requests and logout messages; by all of them it decrypts. Private keys are in no answer.',
    caller: 'admin',
    activeOrganization: true,
    // The first key is made when it is first needed.
    writes: true,
    params: Named,
    answer: z.object({ keys: z.array(ProviderKey) }),
    errors: [ProviderNotFound],
  },
  async ({ params, caller, db, secretBox }) => {
    requireOrganizationAccount(caller);
    const provider = await samlProviderOf(db, caller.organizationId, params.provider_id);
    return { keys: (await keyRowsOf(db, secretBox, provider)).map(shownKey) };
  },
);
