import { CREDENTIAL_HEADER, type CredentialKey, issueCredential, servicePrincipal } from '@rivergate/caller';
import { type Log, type Manifest, routeKey } from '@rivergate/endpoint';
import type { RedisClient } from '@rivergate/redis';
import { MANIFEST_VERSION_HEADER } from '@rivergate/service';
import { Agent, request } from 'undici';
import type { Upstream } from '../config.ts';
import { type Route, routeOf } from './route.ts';
import { type RouteTable, routeTable } from './table.ts';

/** `manifest` is null for a service that has told none yet, or whose routes are refused. */
export type ServiceState = { name: string; ready: boolean; manifest: Manifest | null };

/** What was told, and the route in it that another service has, if there is one. */
type Watched = ServiceState & { clash: string | null };

/** What the gateway knows of the services behind it. */
export type Fleet = {
  states(): readonly ServiceState[];
  /** Routes of every manifest that is known. */
  table(): RouteTable;
  /** Whether some service has never told its routes, so that an unknown path may be one of them. */
  incomplete(): boolean;
  stop(): Promise<void>;
};

/** Milliseconds between two looks at a service that is ready, and at one that is not. */
const CALM_INTERVAL = 2_000;
const EAGER_INTERVAL = 250;
/** Milliseconds for which the boot waits for the first look at every service. */
const FIRST_LOOK = 1_000;

const cacheKey = (service: string) => `gateway:manifest:${service}`;

/**
 * Watches the services: their readiness, and through it the version of their manifest, which is fetched when it
 * changes. The last manifest of each is kept in Redis for a gateway that starts while the service is down.
 */
export async function watchFleet(watched: {
  services: readonly Upstream[];
  key: CredentialKey;
  redis: RedisClient;
  log: Log;
}): Promise<Fleet> {
  const { redis, log } = watched;
  const agent = new Agent({ connections: 1, connect: { timeout: 1_000 }, keepAliveTimeout: 30_000 });
  const states: Watched[] = watched.services.map(({ name }) => ({
    name,
    ready: false,
    manifest: null,
    clash: null,
  }));
  const timers = new Map<string, NodeJS.Timeout>();
  let table = routeTable([]);
  let stopped = false;

  /** A service that claims a route of one before it in the list is not routed at all, and not ready. */
  const rebuild = () => {
    const claimed = new Map<string, Route>();
    for (const state of states) {
      const routes = state.manifest ? routesOf(state.manifest) : [];
      const taken = routes.find(({ method, path }) => claimed.has(routeKey(method, path)));
      const clash = taken ? routeKey(taken.method, taken.path) : null;
      if (clash !== null && clash !== state.clash) {
        const facts = { upstream: state.name, route: clash, owner: claimed.get(clash)?.service };
        log.error(facts, 'A service declares a route of another and is not routed');
      }
      state.clash = clash;
      if (clash === null) for (const route of routes) claimed.set(routeKey(route.method, route.path), route);
    }
    table = routeTable(claimed.values());
  };

  const look = async (service: Upstream, state: Watched): Promise<void> => {
    try {
      const answer = await request(`${service.url}/ready`, {
        dispatcher: agent,
        signal: AbortSignal.timeout(1_500),
      });
      await answer.body.dump();
      const version = answer.headers[MANIFEST_VERSION_HEADER];
      if (state.manifest === null || version !== state.manifest.version) {
        state.manifest = await fetchManifest(agent, watched.key, service);
        rebuild();
        log.info({ upstream: service.name, routes: state.manifest.routes.length }, 'Routes learned');
        await redis.set(cacheKey(service.name), JSON.stringify(state.manifest)).catch(() => {});
      }
      turn(state, answer.statusCode === 200 && state.clash === null);
    } catch {
      turn(state, false);
    }
  };

  const turn = (state: ServiceState, ready: boolean) => {
    if (state.ready !== ready)
      log.info({ upstream: state.name, ready }, ready ? 'A service is ready' : 'A service is not ready');
    state.ready = ready;
  };

  const keepLooking = async (service: Upstream, state: Watched): Promise<void> => {
    await look(service, state);
    if (stopped) return;
    const timer = setTimeout(
      () => void keepLooking(service, state),
      state.ready ? CALM_INTERVAL : EAGER_INTERVAL,
    );
    timers.set(service.name, timer);
  };

  await recall(redis, states);
  rebuild();
  const firstLooks = watched.services.map((service, index) => keepLooking(service, states[index]!));
  const patience = new Promise(resolve => setTimeout(resolve, FIRST_LOOK).unref());
  await Promise.race([Promise.all(firstLooks), patience]);

  return {
    states: () => states.map(state => (state.clash === null ? state : { ...state, manifest: null })),
    table: () => table,
    incomplete: () => states.some(({ manifest }) => manifest === null),
    async stop() {
      stopped = true;
      for (const timer of timers.values()) clearTimeout(timer);
      await agent.destroy();
    },
  };
}

/** Internal paths are never routed, whatever a manifest says. */
function routesOf(manifest: Manifest) {
  return manifest.routes
    .filter(
      ({ path, caller }) => caller !== 'internal' && path !== '/internal' && !path.startsWith('/internal/'),
    )
    .map(route => routeOf(manifest.service, route));
}

async function recall(redis: RedisClient, states: ServiceState[]): Promise<void> {
  const kept = await Promise.all(states.map(({ name }) => redis.get(cacheKey(name)).catch(() => null)));
  kept.forEach((text, index) => {
    const state = states[index];
    if (text && state) state.manifest = JSON.parse(text) as Manifest;
  });
}

async function fetchManifest(agent: Agent, key: CredentialKey, service: Upstream): Promise<Manifest> {
  const path = '/internal/manifest';
  const credential = issueCredential(key, {
    audience: service.name,
    method: 'GET',
    path,
    principal: servicePrincipal(key.name),
  });
  const answer = await request(`${service.url}${path}`, {
    dispatcher: agent,
    headers: { [CREDENTIAL_HEADER]: credential },
    signal: AbortSignal.timeout(2_000),
  });
  const manifest = (await answer.body.json()) as Manifest;
  if (answer.statusCode !== 200 || manifest.service !== service.name || !Array.isArray(manifest.routes)) {
    throw new Error(`${service.name} gave no manifest of its own`);
  }
  return manifest;
}
