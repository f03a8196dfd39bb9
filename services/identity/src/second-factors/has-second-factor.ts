/**
 * SQL: whether a user has anything to be authenticated by beside the password. A passkey counts, though a login by password
 * does not ask for it.
 *
 * @param user SQL of the user's id
 */
export const hasSecondFactor = (
  user: string,
) => `(exists (select from totp_devices where totp_devices.user_id = ${user})
  or exists (select from email_factors where email_factors.user_id = ${user})
  or exists (select from passkeys where passkeys.user_id = ${user}))`;

/**
 * SQL: whether an authentication does without a second factor that the account has.
 *
 * @param methods SQL of its methods (RFC 8176)
 * @param user SQL of the user's id
 */
export const omitsSecondFactor = (methods: string, user: string) =>
  `(not 'mfa' = any (${methods}) and ${hasSecondFactor(user)})`;
