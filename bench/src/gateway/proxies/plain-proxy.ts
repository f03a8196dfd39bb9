import { Agent, createServer } from 'node:http';
import express from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';

/** http-proxy-middleware as its documentation shows it, with a keep-alive agent: it forwards and does nothing else. */
const agent = new Agent({ keepAlive: true, maxSockets: 256 });
const app = express().disable('x-powered-by');
app.use(createProxyMiddleware({ target: process.argv[2]!, agent }));
createServer({ keepAliveTimeout: 75_000 }, app).listen(Number(process.env.PORT), '127.0.0.1', () =>
  process.send?.('ready'),
);
process.on('disconnect', () => process.exit(0));
