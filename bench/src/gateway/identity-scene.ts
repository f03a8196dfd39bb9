import { join } from 'node:path';
import {
  anonymous,
  credentialKey,
  fillMembership,
  fillPolicy,
  issueCredential,
  organizationGeneration,
} from '@rivergate/caller';
import { SERVICES, urlVariable } from '@rivergate/service';
import { testEnvironment } from '@rivergate/testing';
import { Redis } from 'ioredis';
import { decodeJwt } from 'jose';
import { PASSWORD, seed } from '../identity/seed.ts';
import { EVERYTHING } from './policies.ts';
import { cores, startProcess } from './process.ts';
import { redisCpu } from './redis.ts';
import { assemble, type Scene, unlimited } from './scene.ts';

const path = '/api/v1/sessions';
const membership = { isAdmin: false, permissions: ['workspace.read'], workspaces: [], plan: 'enterprise' };

/** The real identity service on its database, and the list of the caller's sessions. */
export function identityScene(): Promise<Scene> {
  return assemble(async keep => {
    const environment = await testEnvironment();
    await keep(Promise.resolve({ stop: () => environment.remove() }));
    const place = { PORT: undefined, NODE_ENV: 'production', SMTP_URL: 'smtp://127.0.0.1:9' };
    const services = join(import.meta.dirname, '../../../services');
    const service = await keep(
      startProcess(
        join(services, 'identity/src/main.ts'),
        [],
        { ...environment.of('identity'), ...place, LOG_LEVEL: 'info' },
        cores.around,
      ),
    );
    const { emails } = await seed(environment.databaseAdminUrl, 1, 0, 0);
    const away = Object.fromEntries(SERVICES.map(({ name }) => [urlVariable(name), 'http://127.0.0.1:9']));
    const env = {
      ...environment.of('gateway'),
      ...place,
      GATEWAY_WORKERS: '1',
      LOG_LEVEL: 'info',
      ...unlimited,
      ...away,
    };
    const main = join(import.meta.dirname, '../../../gateway/src/main.ts');
    const gateway = await keep(startProcess(main, [], { ...env, IDENTITY_URL: service.url }, cores.proxy));

    const token = await logIn(gateway.url, emails[0]!);
    const claims = decodeJwt<{ sid: number; org_id: number }>(token);
    const caller = { userId: Number(claims.sub), sessionId: claims.sid, organizationId: claims.org_id };
    await becomeMember(environment.redisUrl, caller);
    const key = credentialKey(environment.of('gateway'));
    const principal = {
      ...anonymous('127.0.0.1'),
      ...caller,
      ...membership,
      kind: 'user',
      isMember: true,
      amr: ['pwd'],
    } as const;
    return {
      title: 'the identity service, with its database',
      path,
      service,
      gateway,
      redis: { url: environment.redisUrl, cpu: await redisCpu(environment.redisUrl, cores.around) },
      authorization: `Bearer ${token}`,
      listed: null,
      credentials: count =>
        Array.from({ length: count }, () =>
          issueCredential(key, { audience: 'identity', method: 'GET', path, principal }),
        ),
      verification: null,
    };
  });
}

async function logIn(gateway: string, email: string): Promise<string> {
  const answer = await fetch(`${gateway}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password: PASSWORD }),
  });
  const { data, error } = (await answer.json()) as { data?: { access_token: string }; error?: unknown };
  if (!data) throw new Error(`The login answered ${answer.status}: ${JSON.stringify(error)}`);
  return data.access_token;
}

/** The organization service is not there to say it. */
export async function becomeMember(
  redisUrl: string,
  { userId, organizationId }: { userId: number; organizationId: number },
) {
  const redis = new Redis(redisUrl);
  const generation = await organizationGeneration(redis, organizationId);
  await fillMembership(redis, {
    organizationId,
    userId,
    generation,
    membership: { member: true, ...membership },
  });
  await fillPolicy(redis, { organizationId, generation, policy: EVERYTHING });
  for (const key of await redis.keys('access:{organization:*')) await redis.persist(key);
  redis.disconnect();
}
