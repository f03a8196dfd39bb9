import { provenSignIns } from '@rivergate/contracts';
import { endpoint } from '../endpoint.ts';
import { hasSecondFactor } from '../second-factors/has-second-factor.ts';

/** Days for which a sign-in proves that its user can do it again. */
const PROOF_DAYS = 30;

/** `mfa`: two factors; `pop`: a passkey, which verifies its user (RFC 8176). */
export const listProvenSignIns = endpoint(provenSignIns, async ({ body, db }) => {
  const user_ids: number[] = await db('users as u')
    .whereIn('u.id', body.user_ids)
    .whereNull('u.disabled_at')
    .whereRaw(hasSecondFactor('u.id'))
    .whereExists(
      db('sessions as s')
        .whereRaw('s.user_id = u.id')
        .where({ impersonator_id: null, sso_organization_id: null })
        .whereRaw("s.authentication_methods && '{mfa,pop}'")
        .whereRaw("s.authenticated_at > now() - ? * interval '1 day'", [PROOF_DAYS])
        .whereRaw("s.revoke_reason is distinct from 'disowned'")
        .select('s.id'),
    )
    .orderBy('u.id')
    .pluck('u.id');
  return { user_ids };
});
