import { RateLimited, reply } from '@rivergate/endpoint';
import { ssoProviderTested } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { requireOrganizationAccount } from '../organizations/organization-account.ts';
import { keysOf } from '../provider-keys/key-store.ts';
import { CHECKS, checkConnection, checkFlow } from './check-provider.ts';
import { Named, ofProvider, ProviderNotFound } from './provider.ts';
import { providerOf } from './provider-store.ts';

export const testProvider = endpoint(
  {
    operation: 'testSsoProvider',
    method: 'post',
    path: '/sso/providers/:provider_id/test',
    summary: 'Check metadata, certificate, endpoints and a dry login',
    description:
      'Changes nothing, and works on an inactive provider. A check that fails is still a 200: read connection and ' +
      'authentication_flow. Nobody is signed in; of an OpenID provider, a code that it never gave is traded in, which shows ' +
      'whether it knows the client.',
    caller: 'admin',
    activeOrganization: true,
    clients: true,
    params: Named,
    answer: z.object({
      test_results: z.object({
        connection: z.enum(['success', 'failed']),
        authentication_flow: z.enum(['success', 'failed', 'skipped']),
        errors: z.array(
          z.object({
            check: z.enum(CHECKS),
            code: z.string().meta({ examples: ['TIMEOUT'] }),
            message: z.string().meta({ examples: ['There was no complete answer in time'] }),
          }),
        ),
      }),
    }),
    message: 'SSO provider test completed successfully',
    messageInData: true,
    errors: [ProviderNotFound, RateLimited],
    // A kept answer would say of later what was true once.
    idempotency: false,
    // Some fetches, each of ten seconds at most.
    timeout: 60_000,
  },
  {
    async prepare({ params, caller, briefly, limit, secretBox, ...context }) {
      requireOrganizationAccount(caller);
      const { provider, keys } = await briefly(async db => {
        const found = await providerOf(db, caller.organizationId, params.provider_id);
        return { provider: found, keys: await keysOf(db, secretBox, found) };
      });
      const tools = { ...context, keys };
      await limit('sso_provider_test', `provider ${provider.id}`);
      const connection = await checkConnection(tools, provider);
      // What is said of certificates is a warning as long as the provider can be reached.
      const isConnected = connection.every(({ check }) => check === 'certificate');
      const flow = isConnected ? await checkFlow(tools, provider) : [];
      return {
        connection: connection.length === 0 ? ('success' as const) : ('failed' as const),
        authentication_flow: !isConnected
          ? ('skipped' as const)
          : flow.length === 0
            ? ('success' as const)
            : ('failed' as const),
        errors: [...connection, ...flow],
      };
    },
    async handle({ params, caller, prepared: test_results, db, emit }) {
      const { organizationId } = caller;
      const provider = await providerOf(db, organizationId, params.provider_id);
      const { connection, authentication_flow, errors } = test_results;
      const data = { ...ofProvider(provider), connection, authentication_flow };
      await emit(ssoProviderTested, { aggregateId: provider.id, organizationId, data });
      if (errors.length === 0) return { test_results };
      return reply({ test_results }, { message: 'SSO provider test completed with errors' });
    },
  },
);
