import { Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { socialAccountsOf } from './social-account-store.ts';

const SocialAccount = z
  .object({
    provider: z.string().meta({ examples: ['github'] }),
    connected_at: Timestamp,
    last_used_at: Timestamp,
    email: z.string().nullable(),
    display_name: z.string().nullable(),
  })
  .meta({ id: 'SocialAccount' });

export const listSocialAccounts = endpoint(
  {
    operation: 'listSocialAccounts',
    method: 'get',
    path: '/auth/social-accounts',
    summary: 'Connected social accounts',
    description: 'Address and name are those that the provider last gave.',
    caller: 'user',
    answer: z.object({ accounts: z.array(SocialAccount), total: z.int() }),
  },
  async ({ caller, db }) => {
    const accounts = await socialAccountsOf(db, caller.userId);
    return { accounts, total: accounts.length };
  },
);
