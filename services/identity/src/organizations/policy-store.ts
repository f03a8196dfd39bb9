import type { Knex } from 'knex';

/** The settings of an organization that identity enforces, as the table keeps them. */
export interface OrganizationPolicy {
  organization_id: number;
  /** The higher one holds. */
  revision: number;
  session_seconds: number;
  remembered_session_seconds: number;
  access_token_seconds: number;
  refresh_token_seconds: number;
  personal_token_seconds: number;
  password_min_length: number;
  password_special_character: boolean;
  /** From when members need a second factor; null where they do not. */
  mfa_required_from: string | null;
  /** Days for which devices are trusted; 0 forbids it. */
  device_trust_days: number;
  /** Whether members may use OAuth clients that registered themselves. */
  open_clients: boolean;
  /** Networks from which its members come, in CIDR notation; none: all. */
  ip_allow_list: string[];
  /** Whether members may make tokens that act in the organization only. */
  organization_tokens: boolean;
  /** Whether OAuth applications may be made in it, and get tokens that act in it. */
  oauth_applications: boolean;
}

/** Keeps what an organization's settings say, unless something later is known. @returns whether it was kept */
export async function keepPolicy(db: Knex, policy: OrganizationPolicy): Promise<boolean> {
  const kept = await db('organization_policies')
    .insert({ ...policy })
    .onConflict('organization_id')
    .merge()
    .where('organization_policies.revision', '<=', policy.revision)
    .returning('organization_id');
  return kept.length > 0;
}

/**
 * Whether members of the organization may use OAuth clients that registered themselves. In a transaction that stays so to
 * its end: who forbids it ends what was granted until then.
 */
export async function mayOpenClients(db: Knex, organizationId: number): Promise<boolean> {
  const policy = db('organization_policies').where({ organization_id: organizationId });
  if (db.isTransaction) policy.forShare();
  policy.where({ open_clients: true, oauth_applications: true });
  return (await policy.first('organization_id')) !== undefined;
}

/** Whether members may make tokens that act in the organization only. */
export async function mayMakeTokens(db: Knex, organizationId: number): Promise<boolean> {
  const policy = await db('organization_policies')
    .where({ organization_id: organizationId })
    .first('organization_tokens');
  return policy?.organization_tokens ?? true;
}

/** Whether OAuth applications may be made in the organization, and get tokens that act in it. */
export async function mayUseApplications(db: Knex, organizationId: number): Promise<boolean> {
  const policy = await db('organization_policies')
    .where({ organization_id: organizationId })
    .first('oauth_applications');
  return policy?.oauth_applications ?? true;
}

/** What organizations demand of a password beyond the platform's own policy. */
export interface PasswordDemands {
  /** Characters; null where no organization says anything. */
  minLength: number | null;
  specialCharacter: boolean;
}

/** The strictest that the organizations demand in which the user is an active member. */
export async function passwordDemands(db: Knex, userId: number): Promise<PasswordDemands> {
  const row = await db('memberships')
    .join('organization_policies as policy', 'policy.organization_id', 'memberships.organization_id')
    .where({ user_id: userId, status: 'active' })
    .first(
      db.raw('max(password_min_length) as min_length'),
      db.raw('coalesce(bool_or(password_special_character), false) as special_character'),
    );
  return { minLength: row.min_length, specialCharacter: row.special_character };
}

/** What one organization demands. */
export async function demandsOf(db: Knex, organizationId: number): Promise<PasswordDemands> {
  const row = await db('organization_policies')
    .where({ organization_id: organizationId })
    .first('password_min_length as minLength', 'password_special_character as specialCharacter');
  return row ?? { minLength: null, specialCharacter: false };
}

/**
 * From when on the user needs a second factor: the earliest date of the organizations that require one and in which the
 * user is an active member. Null where none does.
 */
export async function mfaRequiredFrom(db: Knex, userId: number): Promise<Date | null> {
  const row = await db('memberships')
    .join('organization_policies as policy', 'policy.organization_id', 'memberships.organization_id')
    .where({ user_id: userId, status: 'active' })
    .first(db.raw('min(mfa_required_from) as required_from'));
  return row.required_from;
}
