import { MOST_MEMBERS, memberSecurity } from '@rivergate/contracts';
import { endpoint } from '../endpoint.ts';
import { hasSecondFactor } from '../second-factors/has-second-factor.ts';

export const listMemberSecurity = endpoint(memberSecurity, async ({ params, body, db }) => {
  const members = await db('memberships as m')
    .join('users as u', 'u.id', 'm.user_id')
    .join('email_addresses as e', join => join.on('e.user_id', 'u.id').andOnVal('e.is_primary', true))
    .where({ 'm.organization_id': params.organization_id, 'm.status': 'active' })
    .where('m.user_id', '>', body.after)
    .modify(found => body.user_ids !== null && found.whereRaw('m.user_id = any (?)', [body.user_ids]))
    .orderBy('m.user_id')
    .limit(MOST_MEMBERS)
    .select(
      'm.user_id',
      'e.email',
      'u.display_name',
      'u.last_login_at',
      db.raw(`${hasSecondFactor('m.user_id')} as mfa_enabled`),
    );
  return { members };
});
