import { asyncapiDocument } from '@rivergate/events';
import { prepare, preparedOnce } from '../answer/prepared.ts';
import type { Writer } from '../answer/write.ts';
import type { OwnEndpoint } from './own-endpoints.ts';

/** The AsyncAPI document of every event that travels between the services. */
export function asyncApi(write: Writer): OwnEndpoint {
  const document = preparedOnce(() =>
    prepare(JSON.stringify(asyncapiDocument()), {
      'Content-Type': 'application/json',
      'Cache-Control': 'no-cache',
    }),
  );
  return async exchange => write.prepared(exchange, await document());
}
