import { createServer } from 'node:http';
import { CREDENTIAL_HEADER, credentialKeys, credentialMemory, verifyCredential } from '@rivergate/caller';
import express from 'express';

/**
 * The service behind every proxy of the comparison: Express 5 and one JSON answer of the usual size. It verifies the
 * internal credential where one comes, as every service does; the other proxies send none.
 */
const keys = credentialKeys(process.env);
const seen = credentialMemory();
const audience = process.argv[2]!;
const route = {
  method: 'GET',
  path: '/api/v1/things/{thing_id}',
  caller: 'user',
  bearer: null,
};
const manifest = {
  service: audience,
  version: 'bench',
  routes:
    audience === 'storage'
      ? [{ ...route, bodyLimit: 1024, timeout: 10_000, organizationParameter: null, workspace: null }]
      : [],
  openapi: { tags: [], paths: {} },
};
const things = Array.from({ length: 8 }, (_, id) => ({
  id,
  name: `Thing ${id}`,
  state: 'active',
  size: 1024 * id,
}));

const app = express().disable('x-powered-by').disable('etag');
app.get('/ready', (_, response) => {
  response.set('x-manifest-version', manifest.version).json({});
});
app.get('/internal/manifest', (_, response) => {
  response.json(manifest);
});
app.get('/api/v1/things/:id', (request, response) => {
  const credential = request.get(CREDENTIAL_HEADER);
  if (credential) verifyCredential(credential, { keys, seen, audience, method: 'GET', path: request.path });
  response.type('application/json').send(Buffer.from(JSON.stringify({ success: true, data: { things } })));
});

const server = createServer({ keepAliveTimeout: 75_000 }, app);
server.listen(Number(process.env.PORT), '127.0.0.1', () => process.send?.('ready'));
process.on('disconnect', () => process.exit(0));
