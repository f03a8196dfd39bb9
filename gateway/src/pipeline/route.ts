import { MalformedRequest, MethodNotAllowed, NotFound, UpstreamUnavailable } from '@rivergate/endpoint';
import type { Exchange } from '../exchange.ts';
import type { Fleet } from '../routes/fleet.ts';
import { canonicalTarget } from '../routes/path.ts';

/** Step: finds the service and the endpoint that the request is for. */
export function route(fleet: Pick<Fleet, 'table' | 'incomplete'>) {
  return (exchange: Exchange): void => {
    const { request } = exchange;
    refuseAmbiguousFraming(exchange);
    const target = canonicalTarget(request.url ?? '/');
    exchange.path = target.path;
    exchange.query = target.query;
    const match = fleet.table().match(request.method ?? 'GET', target.path);
    if (match === null) {
      if (fleet.incomplete() && target.path.startsWith('/api/v1/')) {
        throw UpstreamUnavailable('A service has not told its endpoints yet; try again shortly', [], {
          'Retry-After': '2',
        });
      }
      throw NotFound();
    }
    if (!('route' in match)) throw MethodNotAllowed(undefined, [], { Allow: match.allowed.join(', ') });
    exchange.route = match.route;
    if (match.route.organizationSegment >= 0) {
      exchange.pathOrganizationId = identifier(target.path.split('/')[match.route.organizationSegment]);
    }
  };
}

/**
 * Whatever another server on the way could read differently is refused: no Host or two of them (RFC 9112,
 * section 3.2), and transfer codings other than chunked. Node's parser has refused contradictory lengths already.
 */
function refuseAmbiguousFraming({ request }: Exchange): void {
  const { rawHeaders } = request;
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  if (hosts !== 1 && !(hosts === 0 && request.httpVersion === '1.0')) {
    throw MalformedRequest('The request could not be read: it must name one host');
  }
  const coding = request.headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') {
    throw MalformedRequest('The request could not be read: the only transfer coding is chunked');
  }
}

/** What is no identifier is left to the service, which answers 422. */
function identifier(segment: string | undefined): number | null {
  if (!segment || !/^[1-9]\d{0,15}$/.test(segment)) return null;
  const id = Number(segment);
  return Number.isSafeInteger(id) ? id : null;
}
