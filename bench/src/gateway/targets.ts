import { join } from 'node:path';
import { cores, type Running, startProcess } from './process.ts';
import { hasHaproxy, startHaproxy } from './proxies/haproxy.ts';
import { hasNginx, startNginx } from './proxies/nginx.ts';
import { springMissing, startSpring } from './proxies/spring.ts';
import { environmentOf, type Verifying } from './proxies/verifying.ts';
import { type Scene, UNLIMITED } from './scene.ts';

export type Target = {
  /** Why it cannot be had in this scene or on this machine, null if it can. */
  missing?(scene: Scene): string | null | Promise<string | null>;
  /** It verifies the access token. */
  verifies?: true;
  /** Like `start`, with so many requests a minute for each subject. */
  limited?(scene: Scene, limit: number): Promise<Running>;
  /** With what the requests are let through, where that is not what the scene says. */
  authorization?(scene: Scene): string;
  /** It is warmed up until its processor time for a request falls no further, not just for some seconds. */
  settles?: true;
  start(scene: Scene): Promise<Running>;
};

/** What is compared, in the order of the table and by the names that `--only` takes. */
export const TARGETS: Record<string, Target> = {
  direct: { start: async ({ service }) => ofScene(service) },
  nginx: {
    missing: () => (hasNginx() ? null : 'nginx is not installed (Debian: nginx-light)'),
    start: ({ service }) => startNginx(service.url, cores.proxy),
  },
  'http-proxy-middleware': { start: ({ service }) => node('plain-proxy.ts', service) },
  relay: {
    missing: ({ credentials }) =>
      credentials && "it is the gateway's own forwarding, which lets no credential of others through",
    start: ({ service }) => node('relay.ts', service),
  },
  haproxy: instead(
    () => (hasHaproxy() ? null : 'HAProxy is not installed (Debian: haproxy)'),
    verifying => startHaproxy(verifying, cores.proxy),
  ),
  fastify: instead(
    () => null,
    verifying => startProcess(proxy('fastify.ts'), [], environmentOf(verifying), cores.proxy),
  ),
  // The JVM compiles what is hot in several steps, on the same core.
  spring: { ...instead(springMissing, verifying => startSpring(verifying, cores.proxy)), settles: true },
  gateway: { verifies: true, start: async ({ gateway }) => ofScene(gateway) },
  'gateway-1000-networks': {
    missing: ({ listed }) => (listed === null ? 'no organization of the scene lists networks' : null),
    authorization: ({ listed }) => listed!,
    start: async ({ gateway }) => ofScene(gateway),
  },
};

function node(file: string, service: Running): Promise<Running> {
  return startProcess(proxy(file), [service.url], {}, cores.proxy);
}

function proxy(file: string): string {
  return join(import.meta.dirname, 'proxies', file);
}

/** What somebody would take instead of the gateway: it verifies the same access tokens and limits each subject. */
function instead(
  missing: () => string | null | Promise<string | null>,
  open: (verifying: Verifying) => Promise<Running>,
): Target {
  const limited = ({ verification, service, redis }: Scene, limit: number) => {
    const { tokens, keysUrl } = verification!;
    const { issuer, audience, publicKey } = tokens;
    return open({ target: service.url, issuer, audience, publicKey, keysUrl, redisUrl: redis.url, limit });
  };
  return {
    missing: ({ verification }) =>
      verification ? missing() : 'the service lets no credential of others through',
    verifies: true,
    limited,
    start: scene => limited(scene, UNLIMITED),
  };
}

/** The scene started it and stops it. */
function ofScene(running: Running): Running {
  return { ...running, stop: async () => {} };
}
