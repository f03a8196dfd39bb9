import type { Knex } from 'knex';

/** Seconds for which a code can be traded in. */
export const CODE_SECONDS = 60;

/** Whom a provider of an organization has authenticated. */
export interface SsoLogin {
  user_id: number;
  organization_id: number;
  provider_id: number;
  login_id: string;
  /** RFC 8176, as the provider says. */
  methods: string[];
  /** S256 (RFC 7636) */
  code_challenge: string | null;
  session_ends_at: Date | null;
}

export async function keepSsoLogin(db: Knex, codeHash: string, login: SsoLogin): Promise<void> {
  await db('sso_logins').insert({
    ...login,
    code_hash: codeHash,
    expires_at: db.raw("now() + ? * interval '1 second'", [CODE_SECONDS]),
  });
}

const usable = (db: Knex, codeHash: string) =>
  db('sso_logins')
    .where({ code_hash: codeHash })
    .where('expires_at', '>', db.fn.now())
    .whereRaw('coalesce(session_ends_at > now(), true)');

/** For whom a code is, which stays as it is. */
export async function holderOfSsoCode(
  db: Knex,
  codeHash: string,
): Promise<Pick<SsoLogin, 'user_id' | 'organization_id'> | undefined> {
  return await usable(db, codeHash).first('user_id', 'organization_id');
}

/** Spends a code: of many who come with it at once, one gets the login. */
export async function takeSsoLogin(db: Knex.Transaction, codeHash: string): Promise<SsoLogin | undefined> {
  const [login] = await usable(db, codeHash)
    .delete()
    .returning([
      'user_id',
      'organization_id',
      'provider_id',
      'login_id',
      'methods',
      'code_challenge',
      'session_ends_at',
    ]);
  return login;
}

/** Which sign-in opened a session of a user, if one did. */
export async function ssoLoginOf(
  db: Knex,
  userId: number,
  sessionId: number,
): Promise<Pick<SsoLogin, 'organization_id' | 'provider_id' | 'login_id'> | undefined> {
  return await db('sessions').where({ id: sessionId, user_id: userId }).whereNotNull('sso_login_id').first({
    organization_id: 'sso_organization_id',
    provider_id: 'sso_provider_id',
    login_id: 'sso_login_id',
  });
}

/** Ends what has not been traded in. Waits for who is about to do so, whose session is there then. */
export async function dropSsoLogins(
  db: Knex.Transaction,
  which: { organization_id: number } & ({ provider_id: number } | { user_id: number; login_id: string }),
): Promise<void> {
  await db('sso_logins').where(which).delete();
}

export async function dropExpiredSsoLogins(knex: Knex): Promise<void> {
  await knex('sso_logins').where('expires_at', '<', knex.fn.now()).delete();
}
