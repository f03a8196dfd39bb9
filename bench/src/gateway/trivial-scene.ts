import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import {
  accessTokenAudience,
  fillMembership,
  fillSession,
  generateInternalKeys,
  organizationGeneration,
} from '@rivergate/caller';
import { startPrivateRedis } from '@rivergate/caller/test-redis';
import { SERVICES, urlVariable } from '@rivergate/service';
import { Redis } from 'ioredis';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { startIdentity } from './identity.ts';
import { cores, startProcess } from './process.ts';
import { assemble, type Scene, unlimited } from './scene.ts';

const publicUrl = 'http://bench.test';
const [userId, sessionId, organizationId] = [7, 70, 700];

/** A service that does next to nothing, so that the proxies are all there is to see. */
export function trivialScene(): Promise<Scene> {
  return assemble(async keep => {
    const names = SERVICES.map(({ name }) => name);
    const internal = generateInternalKeys(['gateway', ...names]);
    const redis = await keep(startPrivateRedis());
    const signing = await generateKeyPair('ES256');
    const jwk = { ...(await exportJWK(signing.publicKey)), kid: 'bench', alg: 'ES256', use: 'sig' };
    const identity = await keep(startIdentity(jwk));
    const service = await keep(
      startProcess(
        join(import.meta.dirname, 'service.ts'),
        ['storage'],
        { INTERNAL_KEY: internal.INTERNAL_KEY.storage, INTERNAL_JWKS: internal.INTERNAL_JWKS },
        cores.around,
      ),
    );
    const env = {
      PUBLIC_URL: publicUrl,
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
      authorization: `Bearer ${await accessToken(signing.privateKey)}`,
      credentials: null,
    };
  });
}

/** What the owners would have told the gateway, for longer than the measurement takes. */
async function fillAccess(redisUrl: string): Promise<void> {
  const redis = new Redis(redisUrl);
  await fillSession(redis, { sessionId, userId, active: true, isSystemAdmin: false });
  const generation = await organizationGeneration(redis, organizationId);
  const permissions = ['workspace.read', 'storage.read', 'storage.write', 'query.execute', 'policy.read'];
  const membership = { member: true, isAdmin: false, permissions, workspaces: [], plan: 'enterprise' };
  await fillMembership(redis, { organizationId, userId, generation, membership });
  for (const key of [
    `access:{session:${sessionId}}`,
    `access:{organization:${organizationId}}:membership:${userId}`,
  ])
    await redis.persist(key);
  redis.disconnect();
}

function accessToken(privateKey: Parameters<SignJWT['sign']>[0]): Promise<string> {
  return new SignJWT({
    sub: String(userId),
    sid: sessionId,
    org_id: organizationId,
    amr: ['pwd'],
    scope: '',
    jti: randomUUID(),
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'bench' })
    .setIssuer(publicUrl)
    .setAudience(accessTokenAudience)
    .setIssuedAt()
    .setExpirationTime('50m')
    .sign(privateKey);
}
