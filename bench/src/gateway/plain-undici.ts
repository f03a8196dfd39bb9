import { createServer } from 'node:http';
import { anonymous } from '@rivergate/caller';
import { openExchange } from '../../../gateway/src/exchange.ts';
import { destination } from '../../../gateway/src/forwarding/upstream.ts';
import { forwardTo } from '../../../gateway/src/pipeline/forward.ts';

/** The gateway's forwarding by undici without its pipeline: what http-proxy-middleware has to be compared with. */
const target = destination({ name: 'service', url: process.argv[2]! });
const nothing = () => {};

const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
  const exchange = { ...openExchange(request, response, null), response, principal: anonymous() };
  const forwarding = { bodyLimit: 1024, timeout: 10_000, path: request.url ?? '/', credential: () => null };
  forwardTo(target, exchange, nothing, forwarding).catch(() => response.destroy());
});
server.listen(Number(process.env.PORT), '127.0.0.1', () => process.send?.('ready'));
process.on('disconnect', () => process.exit(0));
