import type { Writer } from '../answer/write.ts';
import type { OwnEndpoint } from './own-endpoints.ts';

/** `/` says what this is and where to read on. */
export function frontPage(write: Writer): OwnEndpoint {
  return exchange =>
    write.json(exchange, 200, {
      success: true,
      data: {
        name: 'Rivergate',
        documentation: '/docs',
        openapi: '/api/v1/openapi.json',
        asyncapi: '/api/v1/asyncapi.json',
      },
    });
}
