import { vouchForAccount as spec } from '@rivergate/contracts';
import { endpoint } from '../endpoint.ts';
import { vouch } from './vouch.ts';

/** Asked by organization once the membership of whom it vouches for is committed. */
export const vouchForAccount = endpoint(spec, async ({ params, db, emit }) => {
  await vouch({ db, emit }, { userId: params.user_id, organizationId: params.organization_id });
});
