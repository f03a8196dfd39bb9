import { CREDENTIAL_HEADER, verifyCredential } from '@rivergate/caller';
import {
  type Endpoint,
  endpointRouter,
  type Manifest,
  NotFound,
  type Runtime,
  refusal,
  Unauthorized,
} from '@rivergate/endpoint';
import { equal } from '@rivergate/secrets';
import express, { type Express } from 'express';
import type { Registry } from 'prom-client';

/** Header by which the gateway sees on a readiness answer that a service's routes have changed. */
export const MANIFEST_VERSION_HEADER = 'x-manifest-version';

export interface Application {
  endpoints: readonly Endpoint[];
  runtime: Runtime;
  manifest: Manifest;
  registry: Registry;
  metricsToken: string | undefined;
  /** What the service cannot work without, each with whether it is there. */
  checks(): Promise<Record<string, boolean>>;
}

/** The HTTP side of a service: health, readiness, metrics, manifest, and its endpoints. */
export function application({
  endpoints,
  runtime,
  manifest,
  registry,
  metricsToken,
  checks,
}: Application): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', 'simple').enable('case sensitive routing');

  app.get('/health', (_request, response) => {
    response.json({ status: 'ok', service: runtime.service });
  });
  app.get('/ready', async (_request, response) => {
    const found = await checks();
    const ready = Object.values(found).every(Boolean);
    response.status(ready ? 200 : 503).set(MANIFEST_VERSION_HEADER, manifest.version);
    response.json({ status: ready ? 'ready' : 'not_ready', service: runtime.service, checks: found });
  });
  app.get('/metrics', async (request, response) => {
    if (metricsToken && !equal(request.get('authorization') ?? '', `Bearer ${metricsToken}`))
      throw NotFound();
    response.type(registry.contentType).send(await registry.metrics());
  });
  app.get('/internal/manifest', (request, response) => {
    const known = { keys: runtime.keys, seen: runtime.seen };
    try {
      verifyCredential(request.get(CREDENTIAL_HEADER) ?? '', {
        ...known,
        audience: runtime.service,
        method: 'GET',
        path: request.path,
      });
    } catch {
      throw Unauthorized();
    }
    response.json(manifest);
  });
  app.use(endpointRouter(endpoints, runtime));
  app.use(() => {
    throw NotFound();
  });
  app.use(refusal(runtime));
  return app;
}
