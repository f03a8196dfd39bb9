import { join } from 'node:path';
import {
  accessTokenKeysPath,
  fillMembership,
  fillSession,
  generateInternalKeys,
  organizationGeneration,
} from '@rivergate/caller';
import { SERVICES, urlVariable } from '@rivergate/service';
import { Redis } from 'ioredis';
import { accessTokens, type Claims } from './access-tokens.ts';
import { startIdentity } from './identity.ts';
import { cores, startProcess } from './process.ts';
import { startSceneRedis } from './redis.ts';
import { assemble, type Scene, unlimited } from './scene.ts';

const caller: Claims = { subject: 7, sessionId: 70, organizationId: 700 };

/** A service that does next to nothing, so that the proxies are all there is to see. */
export function trivialScene(): Promise<Scene> {
  return assemble(async keep => {
    const names = SERVICES.map(({ name }) => name);
    const internal = generateInternalKeys(['gateway', ...names]);
    const redis = await keep(startSceneRedis());
    const tokens = await accessTokens();
    const identity = await keep(startIdentity(tokens.jwk));
    const service = await keep(
      startProcess(
        join(import.meta.dirname, 'service.ts'),
        ['storage'],
        { INTERNAL_KEY: internal.INTERNAL_KEY.storage, INTERNAL_JWKS: internal.INTERNAL_JWKS },
        cores.around,
      ),
    );
    const env = {
      PUBLIC_URL: tokens.issuer,
      REDIS_URL: redis.url,
      INTERNAL_KEY: internal.INTERNAL_KEY.gateway,
      INTERNAL_JWKS: internal.INTERNAL_JWKS,
      LOG_LEVEL: process.env.LOG_LEVEL ?? 'info',
      ...unlimited,
      ...Object.fromEntries(names.map(name => [urlVariable(name), identity.url])),
      STORAGE_URL: service.url,
    };
    const main = join(import.meta.dirname, '../../../gateway/src/main.ts');
    const gateway = await keep(startProcess(main, [], env, cores.proxy));
    await fillAccess(redis.url);
    return {
      title: 'a service that does next to nothing',
      path: '/api/v1/things/7',
      service,
      gateway,
      redis,
      authorization: `Bearer ${await tokens.sign(caller)}`,
      credentials: null,
      verification: { tokens, caller, keysUrl: identity.url + accessTokenKeysPath },
    };
  });
}

/** What the owners would have told the gateway, for longer than the measurement takes. */
async function fillAccess(redisUrl: string): Promise<void> {
  const redis = new Redis(redisUrl);
  const { subject: userId, sessionId, organizationId } = caller;
  await fillSession(redis, { sessionId, userId, active: true, isSystemAdmin: false });
  const generation = await organizationGeneration(redis, organizationId);
  const permissions = ['workspace.read', 'storage.read', 'storage.write', 'query.execute', 'policy.read'];
  const membership = { member: true, isAdmin: false, permissions, workspaces: [], plan: 'enterprise' };
  await fillMembership(redis, { organizationId, userId, generation, membership });
  for (const key of [`session:${sessionId}`, `membership:${organizationId}:${userId}`])
    await redis.persist(key);
  redis.disconnect();
}
