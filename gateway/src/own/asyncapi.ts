import { asyncapiDocument } from '@rivergate/events';
import type { Writer } from '../answer/write.ts';
import type { OwnEndpoint } from './own-endpoints.ts';

/** The AsyncAPI document of every event that travels between the services. */
export function asyncApi(write: Writer): OwnEndpoint {
  return exchange => write.json(exchange, 200, asyncapiDocument(), { 'Cache-Control': 'no-cache' });
}
