import type { SecretBox } from '@rivergate/secrets';
import type { Knex } from 'knex';
import { ForLogout } from './ticket-store.ts';

/** A sign-in whose session may be open still. */
export interface Login {
  login_id: string;
  organization_id: number;
  provider_id: number;
  user_id: number;
  subject: string;
  session_index: string | null;
}

/** Sign-ins of a person at a provider, or of some of their sessions there. One of both is given. */
export interface WhichLogins {
  subject: string | undefined;
  /** None for all. */
  sessionIndexes: readonly string[];
}

const contextOf = (loginId: string) => `login ${loginId}`;

/** Keeps by what single logout finds the session of a sign-in, and what a logout request repeats of it. */
export async function keepLogin(
  db: Knex.Transaction,
  secretBox: SecretBox,
  login: Login,
  forLogout: ForLogout,
): Promise<void> {
  const sealed = secretBox.seal(JSON.stringify(forLogout), contextOf(login.login_id));
  await db('logins').insert({ ...login, logout_sealed: sealed });
}

export async function readLogin(
  db: Knex.Transaction,
  secretBox: SecretBox,
  login_id: string,
): Promise<{ login: Login; forLogout: ForLogout } | undefined> {
  const row = await db('logins').where({ login_id }).first();
  if (!row) return undefined;
  const { logout_sealed, created_at: _, ...login } = row;
  const opened = logout_sealed === null ? {} : JSON.parse(secretBox.open(logout_sealed, contextOf(login_id)));
  return { login, forLogout: ForLogout.parse(opened) };
}

export async function forgetLogin(db: Knex.Transaction, login_id: string): Promise<void> {
  await db('logins').where({ login_id }).delete();
}

/** A session that a provider opened lives for a day at most. */
export async function dropOldLogins(db: Knex.Transaction): Promise<void> {
  await db('logins').whereRaw("created_at < now() - interval '2 days'").delete();
}

/** Forgets sign-ins: of many who do so at once, one gets each. @returns those */
export async function takeLogins(
  db: Knex.Transaction,
  providerId: number,
  { subject, sessionIndexes }: WhichLogins,
): Promise<{ login_id: string; user_id: number }[]> {
  const taken = db('logins').where({ provider_id: providerId });
  if (subject !== undefined) taken.where({ subject });
  if (sessionIndexes.length > 0) taken.whereIn('session_index', [...sessionIndexes]);
  if (subject === undefined && sessionIndexes.length === 0) throw new Error('Nobody is named');
  return await taken.delete().returning(['login_id', 'user_id']);
}
