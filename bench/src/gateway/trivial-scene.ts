import { join } from 'node:path';
import {
  type AccessPolicy,
  accessTokenKeysPath,
  fillMembership,
  fillPolicy,
  fillSession,
  generateInternalKeys,
  organizationGeneration,
} from '@rivergate/caller';
import { SERVICES, urlVariable } from '@rivergate/service';
import { Redis } from 'ioredis';
import { accessTokens, type Claims } from './access-tokens.ts';
import { startIdentity } from './identity.ts';
import { EVERYTHING, THOUSAND_NETWORKS } from './policies.ts';
import { cores, type Running, startProcess } from './process.ts';
import { startNginxService } from './proxies/nginx.ts';
import { startSceneRedis } from './redis.ts';
import { assemble, type Scene, unlimited } from './scene.ts';
import { answer, manifest } from './trivial-answers.ts';

const path = '/api/v1/things/7';
const caller: Claims = { subject: 7, sessionId: 70, organizationId: 700 };
const listed: Claims = { subject: 8, sessionId: 80, organizationId: 800 };

/** A service that does next to nothing, so that the proxies are all there is to see. */
export function trivialScene(): Promise<Scene> {
  return build({
    title: 'a service that does next to nothing',
    workers: 1,
    core: cores,
    startService: key => startProcess(join(import.meta.dirname, 'trivial-service.ts'), [], key, cores.around),
  });
}

/**
 * The gateway as so many processes, before a service that takes as little of the machine as can be.
 *
 * @param core that all of it shares; null: any
 */
export function workersScene(workers: number, core: number | null): Promise<Scene> {
  const paths = { '/ready': {}, '/internal/manifest': manifest, [path]: answer };
  return build({
    title: 'constant answers of nginx',
    workers,
    core: { proxy: core, around: core },
    startService: () => startNginxService(paths, { 'x-manifest-version': manifest.version }, core),
  });
}

type Parts = {
  title: string;
  workers: number;
  core: typeof cores;
  /** `key` is the environment of a service that verifies the internal credential. */
  startService(key: NodeJS.ProcessEnv): Promise<Running>;
};

function build({ title, workers, core, startService }: Parts): Promise<Scene> {
  return assemble(async keep => {
    const names = SERVICES.map(({ name }) => name);
    const internal = generateInternalKeys(['gateway', ...names]);
    const redis = await keep(startSceneRedis(core.around));
    const tokens = await accessTokens();
    const identity = await keep(startIdentity(tokens.jwk));
    const service = await keep(
      startService({
        INTERNAL_KEY: internal.INTERNAL_KEY[manifest.service],
        INTERNAL_JWKS: internal.INTERNAL_JWKS,
      }),
    );
    const env = {
      PUBLIC_URL: tokens.issuer,
      REDIS_URL: redis.url,
      INTERNAL_KEY: internal.INTERNAL_KEY.gateway,
      INTERNAL_JWKS: internal.INTERNAL_JWKS,
      LOG_LEVEL: process.env.LOG_LEVEL ?? 'info',
      ...unlimited,
      ...Object.fromEntries(names.map(name => [urlVariable(name), `${identity.url}/${name}`])),
      [urlVariable(manifest.service)]: service.url,
      GATEWAY_WORKERS: String(workers),
    };
    const main = join(import.meta.dirname, '../../../gateway/src/main.ts');
    const gateway = await keep(startProcess(main, [], env, core.proxy));
    await fillAccess(redis.url, caller, EVERYTHING);
    await fillAccess(redis.url, listed, THOUSAND_NETWORKS);
    return {
      title,
      path,
      service,
      gateway,
      redis,
      authorization: `Bearer ${await tokens.sign(caller)}`,
      listed: `Bearer ${await tokens.sign(listed)}`,
      credentials: null,
      verification: { tokens, caller, keysUrl: identity.url + accessTokenKeysPath },
    };
  });
}

/** What the owners would have told the gateway, for longer than the measurement takes. */
async function fillAccess(redisUrl: string, claims: Claims, policy: AccessPolicy): Promise<void> {
  const redis = new Redis(redisUrl);
  const { subject: userId, sessionId, organizationId } = claims;
  await fillSession(redis, '', { sessionId, userId, active: true, isSystemAdmin: false, mustEnrol: false });
  const generation = await organizationGeneration(redis, organizationId);
  const permissions = ['workspace.read', 'storage.read', 'storage.write', 'query.execute', 'policy.read'];
  const membership = { member: true, isAdmin: false, permissions, workspaces: [], plan: 'enterprise' };
  await fillMembership(redis, { organizationId, userId, generation, membership });
  await fillPolicy(redis, { organizationId, generation, policy });
  for (const key of await redis.keys('access:*')) await redis.persist(key);
  redis.disconnect();
}
