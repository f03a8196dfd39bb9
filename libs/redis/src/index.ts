export { parseRedisUrl, REDIS_URL_FORMS, type RedisAddress } from './address.ts';
export { connectRedis, listenerOf, type RedisClient, type WhileAway, whenConnected } from './connect.ts';
export { mostListeners, replicated, slotOf, topologyOf } from './slots.ts';
