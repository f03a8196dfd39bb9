import { createServer } from 'node:http';
import { openExchange } from '../../../../gateway/src/exchange.ts';
import { requestBodies } from '../../../../gateway/src/forwarding/request-body.ts';
import { destination } from '../../../../gateway/src/forwarding/upstream.ts';
import { forward } from '../../../../gateway/src/pipeline/forward.ts';
import { routeOf } from '../../../../gateway/src/routes/route.ts';

/** The gateway's forwarding by undici without its pipeline: what http-proxy-middleware has to be compared with. */
const target = destination(
  { name: 'service', url: process.argv[2]! },
  { most: 256, streams: 0, wait: 2_000 },
);
const nothing = () => {};
const relay = forward({
  destinations: new Map([[target.name, target]]),
  credential: () => null,
  bodies: requestBodies({ memory: 1_000_000, window: 10 }),
  answerPatience: 30_000,
  answerHeaders: nothing,
  connections: { add: nothing },
  decideAgain: nothing,
});
const route = routeOf(target.name, {
  method: 'GET',
  path: '/',
  caller: 'public',
  bearer: null,
  upgrade: null,
  protocol: null,
  cookies: [],
  bodyLimit: 1024,
  timeout: 10_000,
  anyNetwork: false,
  organizationParameter: null,
  workspace: null,
});

const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
  const exchange = { ...openExchange(request, response, null), route, path: request.url ?? '/' };
  Promise.resolve(relay(exchange)).catch(() => response.destroy());
});
server.listen(Number(process.env.PORT), '127.0.0.1', () => process.send?.('ready'));
process.on('disconnect', () => process.exit(0));
