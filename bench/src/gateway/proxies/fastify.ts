import httpProxy from '@fastify/http-proxy';
import jwt from '@fastify/jwt';
import rateLimit from '@fastify/rate-limit';
import { fastify } from 'fastify';
import { Redis } from 'ioredis';

/**
 * Fastify with its own plugins, as their documentation shows them, no log: tokens that were verified are remembered,
 * and each subject's requests are counted in Redis.
 */
const { PORT, TARGET, ISSUER, AUDIENCE, PUBLIC_KEY, REDIS_URL, LIMIT } = process.env as Record<
  string,
  string
>;

const app = fastify();
await app.register(jwt, {
  secret: { public: PUBLIC_KEY! },
  verify: { algorithms: ['ES256'], allowedIss: ISSUER!, allowedAud: AUDIENCE!, cache: true },
});
app.addHook('onRequest', async request => {
  await request.jwtVerify();
});
await app.register(rateLimit, {
  hook: 'preHandler',
  max: Number(LIMIT),
  timeWindow: '1 minute',
  redis: new Redis(REDIS_URL!),
  keyGenerator: request => (request.user as { sub: string }).sub,
});
await app.register(httpProxy, { upstream: TARGET! });
await app.listen({ port: Number(PORT), host: '127.0.0.1' });
process.send?.('ready');
process.on('disconnect', () => process.exit(0));
