import { join } from 'node:path';
import { prefixedToken, tokenHash } from '@rivergate/secrets';
import { SERVICES, urlVariable } from '@rivergate/service';
import type { TestEnvironment } from '@rivergate/testing';
import pg from 'pg';
import { Pool } from 'undici';
import { becomeMember } from '../gateway/identity-scene.ts';
import { cores, type Running, startProcess } from '../gateway/process.ts';
import { unlimited } from '../gateway/scene.ts';

/** More than are checked in one run: a token that was checked once is known. */
const TOKENS = 30_000;
/** The organization that they act in. */
const HOME = 1;
const path = '/api/v1/sessions';

export interface TokenChecks {
  gateway: Running;
  /** A request with a token that the gateway knows. */
  warm(): Promise<void>;
  /** One with a token that it has never seen: Redis and then identity are asked. */
  cold(): Promise<void>;
  stop(): Promise<void>;
}

/** A gateway before the identity service, and personal access tokens of somebody without a session. */
export async function startTokenChecks(
  environment: TestEnvironment,
  identityUrl: string,
  connections: number,
): Promise<TokenChecks> {
  const { userId, tokens } = await seedTokens(environment.databaseAdminUrl);
  await becomeMember(environment.redisUrl, { userId, organizationId: HOME });
  const away = Object.fromEntries(SERVICES.map(({ name }) => [urlVariable(name), 'http://127.0.0.1:9']));
  const gateway = await startProcess(
    join(import.meta.dirname, '../../../gateway/src/main.ts'),
    [],
    {
      ...environment.of('gateway'),
      ...unlimited,
      ...away,
      IDENTITY_URL: identityUrl,
      GATEWAY_WORKERS: '1',
      LOG_LEVEL: 'error',
      PORT: undefined,
      NODE_ENV: 'production',
    },
    cores.proxy,
  );
  const pool = new Pool(gateway.url, { connections });
  const check = async (token: string | undefined) => {
    if (token === undefined) throw new Error(`More than ${TOKENS} tokens were checked`);
    const answer = await pool.request({ method: 'GET', path, headers: { authorization: `Bearer ${token}` } });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`${path} answered ${answer.statusCode}: ${text}`);
  };
  const known = tokens.pop();
  return {
    gateway,
    warm: () => check(known),
    cold: () => check(tokens.pop()),
    async stop() {
      await pool.close();
      await gateway.stop();
    },
  };
}

async function seedTokens(adminUrl: string): Promise<{ userId: number; tokens: string[] }> {
  const tokens = Array.from({ length: TOKENS }, () => prefixedToken('pat'));
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const { rows } = await client.query(
      "insert into identity.users (display_name, verified_at) values ('Bench', now()) returning id",
    );
    const userId = Number(rows[0].id);
    await client.query(
      `insert into identity.personal_tokens (token_hash, user_id, home_organization_id, name, scopes, expires_at)
       select token_hash, $1, $2, 'bench', '{read}', now() + interval '1 day' from unnest($3::text[]) as token_hash`,
      [userId, HOME, tokens.map(tokenHash)],
    );
    return { userId, tokens };
  } finally {
    await client.end();
  }
}
