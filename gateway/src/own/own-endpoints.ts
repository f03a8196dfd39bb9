import type { Exchange } from '../exchange.ts';

/** Something that the gateway answers itself. */
export type OwnEndpoint = (exchange: Exchange) => void | Promise<void>;

/** By path, as it came, without query; a path that ends in `/*` takes any one last segment. GET and HEAD only. */
export type OwnEndpoints = ReadonlyMap<string, OwnEndpoint>;

/** The gateway's endpoint for a request, if there is one: trailing slashes and the `/api/` alias count as elsewhere. */
export function ownEndpoint(endpoints: OwnEndpoints, exchange: Exchange): OwnEndpoint | undefined {
  const url = exchange.request.url ?? '';
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  return found(endpoints, path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path);
}

function found(endpoints: OwnEndpoints, path: string): OwnEndpoint | undefined {
  return endpoints.get(path) ?? endpoints.get(`${path.slice(0, path.lastIndexOf('/'))}/*`);
}
