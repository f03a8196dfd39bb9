import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { ProviderName } from './provider-name.ts';

export const listProviders = endpoint(
  {
    operation: 'listSocialProviders',
    method: 'get',
    path: '/auth/oauth/providers',
    summary: 'Where one may sign in elsewhere',
    description: 'The social providers at which this platform is registered.',
    caller: 'public',
    answer: z.object({
      providers: z.array(
        z.object({ provider: ProviderName, title: z.string().meta({ examples: ['GitHub'] }) }),
      ),
    }),
  },
  async ({ providers }) => ({
    providers: [...providers.values()].map(({ name, title }) => ({ provider: name, title })),
  }),
);
