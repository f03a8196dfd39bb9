import {
  credentialKey,
  followAccessState,
  policyReports,
  policySamples,
  rateLimiter,
} from '@rivergate/caller';
import { dpopNonces } from '@rivergate/caller/dpop';
import { sharedKey } from '@rivergate/caller/internal-keys';
import { clientOrigins } from '@rivergate/contracts';
import { serviceClient } from '@rivergate/endpoint';
import { eventLogFromEnv } from '@rivergate/events';
import { connectRedis, whenConnected } from '@rivergate/redis';
import { accessOwners, closeServer, createLog, listen, startTracing } from '@rivergate/service';
import { followAccess } from './access/access-consumer.ts';
import { watchLogins } from './access/login-watch.ts';
import { accessLog } from './access-log.ts';
import { answerHeaders } from './answer/answer-headers.ts';
import { appOrigins } from './answer/app-origins.ts';
import { challenge } from './answer/challenge.ts';
import { crossOriginPolicy } from './answer/cross-origin.ts';
import { securityHeaders } from './answer/security-headers.ts';
import { answerWriter } from './answer/write.ts';
import { type Config, readConfig } from './config.ts';
import { openConnections } from './forwarding/open-connections.ts';
import { requestBodies } from './forwarding/request-body.ts';
import { destination } from './forwarding/upstream.ts';
import { frontDoor } from './front-door.ts';
import { observer } from './observe.ts';
import { asyncApi } from './own/asyncapi.ts';
import { docs } from './own/docs.ts';
import { frontPage } from './own/front-page.ts';
import { health, readiness } from './own/health.ts';
import { mailbox } from './own/mailbox.ts';
import { metrics } from './own/metrics.ts';
import { openApi } from './own/openapi.ts';
import { limited, type OwnEndpoint } from './own/own-endpoints.ts';
import { pages } from './own/pages.ts';
import { tokenReader } from './pipeline/authenticate.ts';
import { openRequests } from './pipeline/open-requests.ts';
import { watchFleet } from './routes/fleet.ts';
import { httpServer } from './server.ts';
import { guesses } from './tokens/guesses.ts';
import { tokenLookUp } from './tokens/look-up-token.ts';
import { proofOfPossession } from './tokens/proof-of-possession.ts';
import { signingKeys } from './tokens/signing-keys.ts';
import { verifiedCache } from './tokens/verified-cache.ts';
import { accessTokenVerifier } from './tokens/verify-access-token.ts';
import { alone, type Siblings } from './workers/siblings.ts';

export type RunningGateway = {
  url: string;
  /** Answers 503 on /ready, finishes the requests in flight, ends WebSockets and event streams, and then everything else. */
  stop(): Promise<void>;
};

/** Milliseconds for which requests in flight may go on after a stop was asked for. */
const PATIENCE = 15_000;

/**
 * Boots the front door from its environment, or one of the workers that are it together. It listens whether or not
 * the services are there yet.
 */
export async function startGateway(
  env: NodeJS.ProcessEnv,
  siblings: Siblings = alone,
): Promise<RunningGateway> {
  const config = readConfig(env);
  const key = credentialKey(env);
  const log = createLog('gateway', config.logLevel);
  const stopping: (() => unknown)[] = [];
  const stopAll = async () => {
    for (const stop of stopping.splice(0).reverse()) {
      await Promise.resolve(stop()).catch(cause => log.error({ err: cause }, 'A part did not stop cleanly'));
    }
  };
  try {
    stopping.push(await startTracing('gateway', config.traceEndpoint));
    const redis = connectRedis(config.redisUrl, log, 'fails');
    stopping.push(() => redis.disconnect());
    const reports = policyReports(redis);
    stopping.push(() => reports.stop());
    const samples = config.policySamples ? policySamples(redis) : null;
    stopping.push(() => samples?.stop());
    await whenConnected(redis, 2_000);
    stopping.push(followAccessState(redis));

    const call = serviceClient({ key, urlOf: service => urlOf(config, service) });
    stopping.push(() => call.close());
    const keys = signingKeys(urlOf(config, 'identity'), key, log);
    stopping.push(() => keys.stop());
    const fleet = await watchFleet({ services: config.services, key, redis, log });
    stopping.push(() => fleet.stop());
    const destinations = new Map(
      config.services.map(service => [service.name, destination(service, config.connections)]),
    );
    stopping.push(() => Promise.all([...destinations.values()].map(({ stop }) => stop())));
    const post = config.mailbox ? mailbox(config.mailbox, config.publicUrl) : null;

    const security = securityHeaders(config.publicUrl);
    const headers = answerHeaders(security);
    const write = answerWriter(headers);
    const requests = accessLog(config.logLevel);
    stopping.push(() => requests.stop());
    const observing = observer(requests);
    const connections = openConnections(observing);
    const owners = accessOwners(redis, call);
    stopping.push(watchLogins(redis, owners, connections));
    if (env.KAFKA_BROKERS || env.EVENT_LOG_URL) {
      const eventLog = eventLogFromEnv(env, log);
      stopping.push(() => eventLog.close());
      stopping.push(await followAccess(eventLog, redis));
    } else {
      log.warn('No event log is configured: the access state is kept by the services alone');
    }

    let leaving = false;
    const limiter = rateLimiter(redis, env);
    const guessing = guesses();
    const bodies = requestBodies(config.bodies);
    const [openapi, asyncapi] = [openApi(write, fleet, config.publicUrl), asyncApi(write)];
    const countedEndpoints = new Map<string, OwnEndpoint>([
      ['/', frontPage(write)],
      ['/metrics', metrics(write, siblings.metricsWith(observing.registry), config.metricsToken)],
      ['/api/v1/openapi.json', openapi],
      ['/api/openapi.json', openapi],
      ['/api/v1/asyncapi.json', asyncapi],
      ['/api/asyncapi.json', asyncapi],
      ...docs(config.publicUrl),
      ...pages(config.publicUrl, bodies),
    ]);
    const own = new Map<string, OwnEndpoint>([
      // Not counted: a load balancer's probes must not be refused for what others from its address have asked.
      ['/health', health(write)],
      ['/ready', readiness(write, { fleet, redis, siblings, leaving: () => leaving })],
      ...limited(limiter, countedEndpoints),
    ]);
    const door = frontDoor({
      trustProxy: config.trustProxy,
      recording: config.traceEndpoint !== undefined,
      fleet,
      readToken: tokenReader(
        accessTokenVerifier(config.issuer, keys.find),
        tokenLookUp(redis, owners, guessing),
      ),
      guesses: guessing,
      verified: verifiedCache(keys.publishes),
      provePossession: proofOfPossession(
        config.publicUrl,
        redis,
        config.dpopNonceRequired ? dpopNonces(sharedKey(env, 'identity', 'DPoP nonce')) : null,
      ),
      redis,
      limiter,
      owners,
      policyTrials: { reports, samples },
      destinations,
      bodies,
      answerPatience: config.answerPatience,
      open: openRequests(config.openRequests),
      key,
      answerHeaders: headers,
      write,
      crossOrigin: crossOriginPolicy(
        config.corsOrigins,
        fleet,
        appOrigins(async () => (await call(clientOrigins, {})).origins, log),
      ),
      challenge: challenge(config.publicUrl),
      own,
      mailbox: post,
      connections,
      observer: observing,
      log,
      leaving: () => leaving,
    });
    const server = httpServer(door, security);
    const url = await listen(server, config.host, config.port, config.workers > 1);
    stopping.push(async () => {
      leaving = true;
      const impatience = setTimeout(() => server.closeAllConnections(), PATIENCE);
      connections.leaveAll();
      await closeServer(server);
      clearTimeout(impatience);
    });
    log.info({ url }, 'Ready');
    return { url, stop: stopAll };
  } catch (cause) {
    await stopAll();
    throw cause;
  }
}

function urlOf({ services }: Config, name: string): string {
  const service = services.find(known => known.name === name);
  if (!service) throw new Error(`There is no service ${name}`);
  return service.url;
}
