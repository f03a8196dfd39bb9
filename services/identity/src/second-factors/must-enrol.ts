/**
 * SQL, for statements on `sessions`: whether a session by password has to set a second factor up before anything else,
 * because an organization of its user requires one by now and none is on. Who acts in the name of the user was asked for an
 * own one.
 */
export const MUST_ENROL = `(sessions.impersonator_id is null and sessions.authentication_methods <@ '{pwd,otp,mfa}'
  and not exists (select from totp_devices where totp_devices.user_id = sessions.user_id)
  and not exists (select from email_factors where email_factors.user_id = sessions.user_id)
  and exists (select from memberships
    join organization_policies as policy on policy.organization_id = memberships.organization_id
    where memberships.user_id = sessions.user_id and memberships.status = 'active'
      and policy.mfa_required_from <= now()))`;
