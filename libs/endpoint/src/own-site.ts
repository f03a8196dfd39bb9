import type { IncomingHttpHeaders } from 'node:http';
import { readCookies } from './cookies.ts';
import { CrossSiteRequest } from './failure.ts';
import type { EndpointSpec } from './spec.ts';

/**
 * A browser sends cookies whoever made it ask. A change at an endpoint with cookies is therefore for pages of this origin,
 * and for programs that are no browsers: those send neither Sec-Fetch-Site (Fetch Metadata, section 2.4) nor Origin, and
 * get through where there is no cookie that could be somebody's.
 *
 * @throws CrossSiteRequest
 */
export function requireOwnSite(spec: EndpointSpec, headers: IncomingHttpHeaders, publicUrl: string): void {
  if (!spec.cookies || spec.method === 'get') return;
  const site = headers['sec-fetch-site'];
  const { origin } = headers;
  if (site !== undefined) {
    if (site !== 'same-origin') throw CrossSiteRequest();
  } else if (origin !== undefined) {
    if (origin !== new URL(publicUrl).origin) throw CrossSiteRequest();
  } else if (Object.keys(readCookies(spec, headers.cookie)).length > 0) throw CrossSiteRequest();
}
