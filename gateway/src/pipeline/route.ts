import { MethodNotAllowed, NotFound, UpstreamUnavailable } from '@rivergate/endpoint';
import type { Exchange } from '../exchange.ts';
import { NobodyIsMe } from '../refusals.ts';
import type { Fleet } from '../routes/fleet.ts';
import { canonicalTarget } from '../routes/path.ts';

/** Step: finds the service and the endpoint that the request is for. */
export function route(fleet: Pick<Fleet, 'table' | 'incomplete'>) {
  return (exchange: Exchange): void => {
    const { request } = exchange;
    const target = canonicalTarget(request.url ?? '/');
    exchange.path = target.path;
    exchange.query = target.query;
    const match = fleet.table().match(request.method ?? 'GET', target.path);
    if (match === null) {
      if (target.path === '/scim/v2/Me') throw NobodyIsMe();
      if (fleet.incomplete() && /^\/(?:api\/v1|scim)\//.test(target.path)) {
        throw UpstreamUnavailable('A service has not told its endpoints yet; try again shortly', [], {
          'Retry-After': '2',
        });
      }
      throw NotFound();
    }
    if (!('route' in match)) throw MethodNotAllowed(undefined, [], { Allow: match.allowed.join(', ') });
    exchange.route = match.route;
    const { organizationSegment, workspaceSegment } = match.route;
    if (organizationSegment < 0 && workspaceSegment < 0) return;
    const segments = target.path.split('/');
    exchange.pathOrganizationId = identifier(segments[organizationSegment]);
    exchange.pathWorkspaceId = identifier(segments[workspaceSegment]);
  };
}

/** What is no identifier is left to the service, which answers 422. */
function identifier(segment: string | undefined): number | null {
  if (!segment || !/^[1-9]\d{0,15}$/.test(segment)) return null;
  const id = Number(segment);
  return Number.isSafeInteger(id) ? id : null;
}
