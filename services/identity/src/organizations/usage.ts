import { identityUsage } from '@rivergate/contracts';
import { endpoint } from '../endpoint.ts';
import { applicationsOf } from '../oauth-applications/application-store.ts';
import { tokensOf } from '../personal-tokens/token-store.ts';

export const usage = endpoint(identityUsage, async ({ params: { organization_id }, db }) => {
  const count = async (rows: ReturnType<typeof applicationsOf>) =>
    Number((await rows.count({ count: '*' }).first())?.count);
  return {
    figures: [
      { resource: 'oauth_applications', used: await count(applicationsOf(db, organization_id)), limit: null },
      {
        resource: 'tokens',
        used: await count(tokensOf(db, { organization_id }).where('expires_at', '>', db.fn.now())),
        limit: null,
      },
    ],
  };
});
