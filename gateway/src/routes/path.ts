import { MalformedRequest } from '@rivergate/endpoint';

export type Target = { path: string; query: string };

/** Characters that stand for themselves in a path (RFC 3986, section 3.3). Without `%` nothing needs decoding. */
const plainPath = /^\/[\w\-.~!$&'()*+,;=:@/]*$/;
const dotSegment = /(?:^|\/)\.{1,2}(?:\/|$)/;
/** What a segment must not hide behind its encoding: separators, control characters, lone surrogates. */
const forbiddenInSegment = /[/\\\u0000-\u001f\u007f\ufffd]/;

/**
 * The canonical form of a request target, so that gateway and service cannot read the same bytes as two routes.
 * A trailing slash is dropped and `/api/…` becomes `/api/v1/…`.
 *
 * @throws MalformedRequest for what has no single meaning: dot segments, empty segments, encoded separators,
 *   control characters, broken encodings, fragments
 */
export function canonicalTarget(raw: string): Target {
  const target = raw.startsWith('/') ? raw : originForm(raw);
  const mark = target.indexOf('?');
  const rawPath = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 || mark === target.length - 1 ? '' : target.slice(mark);
  if (query.includes('#')) throw malformed('it holds a fragment');
  if (rawPath.includes('//')) throw malformed('its path has an empty segment');
  let path = plainPath.test(rawPath) ? rawPath : decodedAndBack(rawPath);
  if (dotSegment.test(path)) throw malformed('its path has a dot segment');
  if (path.length > 1 && path.endsWith('/')) path = path.slice(0, -1);
  if (path.startsWith('/api/') && path !== '/api/v1' && !path.startsWith('/api/v1/')) {
    path = `/api/v1${path.slice('/api'.length)}`;
  }
  return { path, query };
}

/** The path of a request target as it came, without query and trailing slash: by it the gateway's own are known. */
export function requestedPath(raw: string): string {
  const mark = raw.indexOf('?');
  const path = mark < 0 ? raw : raw.slice(0, mark);
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

/** A proxy's absolute form (RFC 9112, section 3.2.2) as an origin server must take it. */
function originForm(raw: string): string {
  const match = /^https?:\/\/[^/?#]+(.*)$/i.exec(raw);
  if (!match) throw malformed('its target is no path');
  const rest = match[1] ?? '';
  return rest.startsWith('/') ? rest : `/${rest}`;
}

function decodedAndBack(rawPath: string): string {
  if (!rawPath.includes('%')) throw malformed('its path holds characters that must be encoded');
  return rawPath
    .split('/')
    .map(segment => {
      if (!/^[\w\-.~!$&'()*+,;=:@%]*$/.test(segment)) {
        throw malformed('its path holds characters that must be encoded');
      }
      const decoded = decodeSegment(segment);
      if (forbiddenInSegment.test(decoded) || decoded === '.' || decoded === '..') {
        throw malformed('its path hides a separator, dot segment or control character');
      }
      return encodeURIComponent(decoded);
    })
    .join('/');
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw malformed('its path is not encoded properly');
  }
}

function malformed(reason: string) {
  return MalformedRequest(`The request could not be read: ${reason}`);
}
