import type { RateLimiter } from '@rivergate/caller';
import { MethodNotAllowed, rateLimited } from '@rivergate/endpoint';
import type { Exchange } from '../exchange.ts';
import { addressKey } from '../pipeline/rate-limit.ts';
import { requestedPath } from '../routes/path.ts';

/** Something that the gateway answers itself. */
export type OwnEndpoint = (exchange: Exchange) => void | Promise<void>;

/**
 * By path, as it came, without query; a path that ends in `/*` takes any one last segment. For GET and HEAD, but for those
 * that begin with `POST`.
 */
export type OwnEndpoints = ReadonlyMap<string, OwnEndpoint>;

/** The gateway's endpoint for a request, if there is one: trailing slashes count as elsewhere. */
export function ownEndpoint(endpoints: OwnEndpoints, { request }: Exchange): OwnEndpoint | undefined {
  const path = requestedPath(request.url ?? '');
  const found = endpoints.get(path) ?? endpoints.get(`${path.slice(0, path.lastIndexOf('/'))}/*`);
  if (!found || request.method === 'GET' || request.method === 'HEAD') return found;
  const posted = endpoints.get(`POST ${path}`);
  if (posted) return request.method === 'POST' ? posted : refuse('GET, HEAD, POST');
  return refuse('GET, HEAD');
}

/**
 * Counts the requests of an address before they are answered: documents in the general class, together with what an
 * anonymous caller asks of the services; the files that a page is made of in a wider one, since a page takes a dozen.
 */
export function limited(limiter: RateLimiter, endpoints: OwnEndpoints): OwnEndpoints {
  return new Map(
    [...endpoints].map(([path, endpoint]): [string, OwnEndpoint] => {
      const rateClass = /^\/(?:docs|pages)\//.test(path) ? 'page_file' : 'standard';
      const counted: OwnEndpoint = async exchange => {
        exchange.general = await limiter.consume(rateClass, addressKey(exchange));
        if (exchange.general?.allowed === false) throw rateLimited(exchange.general);
        await endpoint(exchange);
      };
      return [path, counted];
    }),
  );
}

const refuse = (allowed: string): OwnEndpoint => {
  return () => {
    throw MethodNotAllowed(undefined, [], { Allow: allowed });
  };
};
