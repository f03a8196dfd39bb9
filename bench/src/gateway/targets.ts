import { join } from 'node:path';
import { freePort } from '@rivergate/testing';
import { cores, type Running, startProcess } from './process.ts';
import { hasNginx, startNginx } from './proxies/nginx.ts';
import type { Scene } from './scene.ts';

export type Target = {
  /** Why it cannot be had in this scene or on this machine, null if it can. */
  missing?(scene: Scene): string | null;
  start(scene: Scene): Promise<Running>;
};

/** What is compared, in the order of the table and by the names that `--only` takes. */
export const TARGETS: Record<string, Target> = {
  direct: { start: async ({ service }) => ofScene(service) },
  nginx: {
    missing: () => (hasNginx() ? null : 'nginx is not installed (Debian: nginx-light)'),
    start: async ({ service }) => startNginx(await freePort(), service.url, cores.proxy),
  },
  'http-proxy-middleware': { start: ({ service }) => node('plain-proxy.ts', service) },
  relay: {
    missing: ({ credentials }) =>
      credentials && "it is the gateway's own forwarding, which lets no credential of others through",
    start: ({ service }) => node('relay.ts', service),
  },
  gateway: { start: async ({ gateway }) => ofScene(gateway) },
};

function node(file: string, service: Running): Promise<Running> {
  return startProcess(join(import.meta.dirname, 'proxies', file), [service.url], {}, cores.proxy);
}

/** The scene started it and stops it. */
function ofScene(running: Running): Running {
  return { ...running, stop: async () => {} };
}
