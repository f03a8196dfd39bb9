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
import { startIdentity } from './gateway/identity.ts';
import { type Load, load } from './gateway/load.ts';
import { hasNginx, startNginx } from './gateway/nginx.ts';
import { cores, freePort, type Running, startProcess } from './gateway/process.ts';

export type GatewayFigures = Record<
  string,
  {
    busy: Load;
    calm: Load;
    /** Processor time of the proxy for one request, in microseconds: what other work on the machine does not change. */
    cpu: number;
  }
>;

const publicUrl = 'http://bench.test';
const path = '/api/v1/things/7';
const unlimited = '999999999/60';

/**
 * An authenticated GET through the gateway, beside the same service called directly, behind nginx and behind plain
 * http-proxy-middleware, in one run. Each proxy has one core; the service, Redis and the load generator share the
 * other. `busy` is a closed loop of many connections, `calm` of one: the first shows what a core carries, the second
 * what a hop adds.
 */
export async function benchGateway({
  seconds = 5,
  connections = 64,
  print = console.log,
}: {
  seconds?: number;
  connections?: number;
  print?: (line: string) => void;
} = {}): Promise<GatewayFigures> {
  const running: Running[] = [];
  const keep = async (starting: Promise<Running>) => {
    const started = await starting;
    running.push(started);
    return started;
  };
  try {
    const names = SERVICES.map(({ name }) => name);
    const internal = generateInternalKeys(['gateway', ...names]);
    const redisServer = await startPrivateRedis();
    running.push({ url: redisServer.url, cpu: () => Number.NaN, stop: redisServer.stop });
    const signing = await generateKeyPair('ES256');
    const jwk = { ...(await exportJWK(signing.publicKey)), kid: 'bench', alg: 'ES256', use: 'sig' };
    const identity = await keep(startIdentity(jwk));
    const service = await keep(
      startProcess(
        file('gateway/service.ts'),
        ['storage'],
        { INTERNAL_KEY: internal.INTERNAL_KEY.storage, INTERNAL_JWKS: internal.INTERNAL_JWKS },
        cores.around,
      ),
    );
    const env = {
      PUBLIC_URL: publicUrl,
      REDIS_URL: redisServer.url,
      INTERNAL_KEY: internal.INTERNAL_KEY.gateway,
      INTERNAL_JWKS: internal.INTERNAL_JWKS,
      LOG_LEVEL: process.env.LOG_LEVEL ?? 'info',
      RATE_LIMIT_STANDARD: unlimited,
      RATE_LIMIT_PREMIUM: unlimited,
      RATE_LIMIT_ADMIN: unlimited,
      ...Object.fromEntries(names.map(name => [urlVariable(name), identity.url])),
      STORAGE_URL: service.url,
    };
    const gateway = await keep(startProcess(file('../../gateway/src/main.ts'), [], env, cores.proxy));
    const plain = await keep(startProcess(file('gateway/plain-proxy.ts'), [service.url], {}, cores.proxy));
    const undici = await keep(startProcess(file('gateway/plain-undici.ts'), [service.url], {}, cores.proxy));
    const nginx = hasNginx() ? await keep(startNginx(await freePort(), service.url, cores.proxy)) : null;
    if (!nginx) print('nginx is not installed (Debian: nginx-light): its column is left out');

    const authorization = `Bearer ${await signIn(redisServer.url, signing.privateKey)}`;
    const measured: GatewayFigures = {};
    const targets: Record<string, Running | null> = {
      direct: service,
      nginx,
      'http-proxy-middleware': plain,
      'undici, no pipeline': undici,
      gateway,
    };
    for (const [name, target] of Object.entries(targets)) {
      if (!target) continue;
      const asked = { url: target.url + path, headers: { authorization }, core: cores.around };
      await load({ ...asked, connections, seconds: 2 });
      const before = target.cpu();
      const busy = await load({ ...asked, connections, seconds });
      const cpu = (target.cpu() - before) / (busy.perSecond * seconds);
      const calm = await load({ ...asked, connections: 1, seconds: Math.max(2, seconds / 2) });
      measured[name] = { busy, calm, cpu };
    }
    report(measured, print);
    return measured;
  } finally {
    for (const one of running.reverse()) await one.stop();
  }
}

const file = (name: string) => join(import.meta.dirname, name);

async function signIn(redisUrl: string, privateKey: Parameters<SignJWT['sign']>[0]): Promise<string> {
  const [userId, sessionId, organizationId] = [7, 70, 700];
  const redis = new Redis(redisUrl);
  await fillSession(redis, { sessionId, userId, active: true, isSystemAdmin: false });
  const generation = await organizationGeneration(redis, organizationId);
  const permissions = ['workspace.read', 'storage.read', 'storage.write', 'query.execute', 'policy.read'];
  const membership = { member: true, isAdmin: false, permissions, plan: 'enterprise' };
  await fillMembership(redis, { organizationId, userId, generation, membership });
  redis.disconnect();
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

function report(measured: GatewayFigures, print: (line: string) => void): void {
  const { direct, nginx, gateway } = measured;
  print(
    'authenticated GET           requests/s      p50 ms      p99 ms   calm p50 ms   added p50 ms   cpu µs/request     failed',
  );
  for (const [name, { busy, calm, cpu }] of Object.entries(measured)) {
    const added = direct ? calm.p50 - direct.calm.p50 : Number.NaN;
    const figures = [
      busy.perSecond.toFixed(0),
      busy.p50.toFixed(2),
      busy.p99.toFixed(2),
      calm.p50.toFixed(3),
      added.toFixed(3),
      cpu.toFixed(1),
      String(busy.failures + calm.failures),
    ];
    print(`  ${name.padEnd(22)}${figures.map(figure => figure.padStart(13)).join('')}`);
  }
  if (gateway && nginx) {
    const share = (100 * gateway.busy.perSecond) / nginx.busy.perSecond;
    print(`  the gateway carries ${share.toFixed(0)} % of what nginx does`);
  }
}
