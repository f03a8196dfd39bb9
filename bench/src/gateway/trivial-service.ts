import { createServer } from 'node:http';
import { CREDENTIAL_HEADER, credentialKeys, credentialMemory, verifyCredential } from '@rivergate/caller';
import express from 'express';
import { answer, manifest } from './trivial-answers.ts';

/**
 * The service behind every proxy of the comparison: Express 5 and one JSON answer of the usual size. It verifies the
 * internal credential where one comes, as every service does; the other proxies send none.
 */
const keys = credentialKeys(process.env);
const seen = credentialMemory();
const audience = manifest.service;

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
  response.type('application/json').send(Buffer.from(JSON.stringify(answer)));
});

const server = createServer({ keepAliveTimeout: 75_000 }, app);
server.listen(Number(process.env.PORT), '127.0.0.1', () => process.send?.('ready'));
process.on('disconnect', () => process.exit(0));
