import { prepare, preparedOnce } from '../answer/prepared.ts';
import type { Writer } from '../answer/write.ts';
import type { OwnEndpoint } from './own-endpoints.ts';

/** `/` says what this is and where to read on. */
export function frontPage(write: Writer): OwnEndpoint {
  const document = preparedOnce(() =>
    prepare(
      JSON.stringify({
        success: true,
        data: {
          name: 'Rivergate',
          documentation: '/docs',
          openapi: '/api/v1/openapi.json',
          asyncapi: '/api/v1/asyncapi.json',
        },
      }),
      { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache' },
    ),
  );
  return async exchange => write.prepared(exchange, await document());
}
