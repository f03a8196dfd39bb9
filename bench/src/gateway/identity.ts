import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { accessTokenKeysPath } from '@rivergate/caller';
import type { JWK } from 'jose';
import type { Running } from './process.ts';

/** Answers for every service but the measured one: ready, without routes, and with the key of the access tokens. */
export async function startIdentity(jwk: JWK): Promise<Running> {
  const server = createServer((request, response) => {
    const jwks = request.url === accessTokenKeysPath;
    response.writeHead(200, { 'content-type': 'application/json', 'x-manifest-version': 'bench' });
    response.end(JSON.stringify(jwks ? { keys: [jwk] } : {}));
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
