import { hashPassword, oneTimeToken, tokenHash } from '@rivergate/secrets';
import pg from 'pg';

export const PASSWORD = 'Correct1horse';

/** Verified accounts that know their organization, sessions with a refresh token each, and OAuth clients. */
export async function seed(adminUrl: string, accounts: number, sessions: number, clients: number) {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  await client.query('set search_path = identity');
  const hash = await hashPassword(PASSWORD);
  const emails: string[] = [];
  let userId = 0;
  for (let index = 0; index < accounts; index++) {
    const { rows } = await client.query(
      `insert into users (display_name, password_hash, verified_at, last_organization_id, last_workspace_id)
       values ('Bench', $1, now(), 1, 1) returning id`,
      [hash],
    );
    userId = Number(rows[0].id);
    const email = `bench-${index}@example.com`;
    await client.query(
      'insert into email_addresses (user_id, email, is_primary, verified_at) values ($1, $2, true, now())',
      [userId, email],
    );
    emails.push(email);
  }
  const refreshTokens: string[] = [];
  for (let index = 0; index < sessions; index++) {
    const token = oneTimeToken();
    await client.query(
      `with opened as (
         insert into sessions (user_id, organization_id, workspace_id, authentication_methods, remember_me, expires_at)
         values ($1, 1, 1, '{pwd}', false, now() + interval '1 day') returning id
       )
       insert into refresh_tokens (token_hash, session_id) select $2, id from opened`,
      [userId, tokenHash(token)],
    );
    refreshTokens.push(token);
  }
  const clientCredentials: { client_id: string; client_secret: string }[] = [];
  for (let index = 0; index < clients; index++) {
    const secret = oneTimeToken();
    const { rows } = await client.query(
      `insert into oauth_applications
         (organization_id, secret_hash, name, name_key, grant_types, redirect_uris, scopes, access_level)
       values (1, $1, $2, $2, '{client_credentials}', '{}', '{read,write}', 'organization') returning client_id`,
      [tokenHash(secret), `bench-${index}`],
    );
    clientCredentials.push({ client_id: rows[0].client_id, client_secret: secret });
  }
  await client.end();
  return { emails, refreshTokens, clientCredentials };
}
