import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { accessTokenKeysPath } from '@rivergate/caller';
import type { JWK } from 'jose';
import type { Running } from './process.ts';

const version = 'bench';

/**
 * Answers for every service but the measured one, each below a path of its name: ready, without routes, and with the key
 * of the access tokens. A service that told no manifest would be asked for it four times a second while the gateway is
 * measured.
 */
export async function startIdentity(jwk: JWK): Promise<Running> {
  const server = createServer(({ url = '' }, response) => {
    const service = /^\/([a-z-]+)\/internal\/manifest$/.exec(url)?.[1];
    response.writeHead(200, { 'content-type': 'application/json', 'x-manifest-version': version });
    if (service)
      response.end(JSON.stringify({ service, version, routes: [], openapi: { tags: [], paths: {} } }));
    else response.end(JSON.stringify(url === accessTokenKeysPath ? { keys: [jwk] } : {}));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cpu: () => Number.NaN,
    stop: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
