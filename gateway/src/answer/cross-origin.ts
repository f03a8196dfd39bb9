import type { IncomingMessage } from 'node:http';
import cors from 'cors';
import type { Fleet } from '../routes/fleet.ts';
import { requestedPath } from '../routes/path.ts';
import type { IsAppOrigin } from './app-origins.ts';
import { type HeaderLine, headerLine } from './header-line.ts';

/** What a page of another origin may learn: headers of the answer and whether the request is a preflight. */
export type CrossOrigin = { headers: readonly HeaderLine[]; preflight: boolean };

/** Seconds for which a browser may keep the answer to a preflight. */
const PREFLIGHT_SECONDS = 600;

/** What everybody may read without a token, a page of any origin too: the documents that clients are made from. */
const publicDocument =
  /^(?:\/api(?:\/v1)?\/(?:openapi|asyncapi)\.json|\/\.well-known\/(?:jwks\.json|openid-configuration|oauth-(?:authorization-server|protected-resource)(?:\/.*)?)|\/docs(?:\/.*)?)$/;

/**
 * Where the client of an app says by itself who it is, and learns nothing but what its user agreed to: a page of any origin
 * can be that app (RFC 9700, section 2.6). Not where it asks about tokens, which takes a secret, and not where a user decides.
 */
const forClients = /^\/oauth\/(?:token(?:\/revoke)?|par|register(?:\/[^/]+)?|device_authorization|userinfo)$/;

/** What a page may learn that asks; the answer may have to be asked for. */
export type CrossOriginPolicy = (request: IncomingMessage) => CrossOrigin | Promise<CrossOrigin>;

/**
 * Cross-origin resource sharing: for the origins of CORS_ORIGINS; for every origin where the document is public or an OAuth
 * client speaks for itself; and for the origins of apps where nothing is answered without a token. Without credentials: no
 * cookie of a browser comes along, and a bearer token is sent by script.
 */
export function crossOriginPolicy(
  origins: readonly string[],
  fleet: Pick<Fleet, 'table'>,
  isAppOrigin: IsAppOrigin,
): CrossOriginPolicy {
  const listed: ReadonlySet<string | undefined> = new Set(origins);
  const documents = cors({
    origin: '*',
    credentials: false,
    methods: ['GET', 'HEAD'],
    allowedHeaders: ['If-None-Match', 'X-Request-Id', 'Traceparent'],
    exposedHeaders: ['ETag', 'X-Request-Id', 'Retry-After'],
    maxAge: PREFLIGHT_SECONDS,
  });
  const policyOf = (origin: string | string[] | true) =>
    cors({
      origin,
      credentials: false,
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      allowedHeaders: [
        'Authorization',
        'Content-Type',
        'DPoP',
        'Idempotency-Key',
        'If-Match',
        'If-None-Match',
        'X-Request-Id',
        'Traceparent',
        'X-Device-Fingerprint',
        'Tus-Resumable',
        'Upload-Length',
        'Upload-Metadata',
        'Upload-Offset',
      ],
      exposedHeaders: [
        'X-Request-Id',
        'ETag',
        'Location',
        'Accept',
        'Accept-Encoding',
        'Tus-Resumable',
        'Tus-Version',
        'Upload-Length',
        'Upload-Offset',
        'Upload-Expires',
        'RateLimit-Policy',
        'RateLimit',
        'X-RateLimit-Limit',
        'X-RateLimit-Remaining',
        'X-RateLimit-Reset',
        'Retry-After',
        'WWW-Authenticate',
        'DPoP-Nonce',
        'Idempotency-Replayed',
        'Deprecation',
        'Sunset',
        'Link',
      ],
      maxAge: PREFLIGHT_SECONDS,
    });
  const [policy, anywhere, reflecting] = [policyOf([...origins]), policyOf('*'), policyOf(true)];

  /** Whether nobody gets an answer there without a token, which a page has only by its own sign-in. */
  const needsToken = ({ method, headers, url }: IncomingMessage): boolean => {
    const asked = method === 'OPTIONS' ? headers['access-control-request-method'] : method;
    const match = fleet.table().match(asked ?? '', requestedPath(url ?? ''));
    return match !== null && 'route' in match && match.route.needsToken;
  };
  const answered = (request: IncomingMessage, applied: typeof policy): CrossOrigin => {
    const lines = new Map<string, HeaderLine>();
    let preflight = true;
    const recorder = {
      statusCode: 0,
      getHeader: (name: string) => lines.get(name.toLowerCase())?.value,
      setHeader: (name: string, value: string | string[]) => {
        const line = headerLine(name, String(value));
        lines.set(line.key, line);
      },
      end: () => {},
    };
    applied(request as never, recorder as never, () => {
      preflight = false;
    });
    lines.delete('content-length');
    return { headers: [...lines.values()], preflight };
  };

  return request => {
    const path = requestedPath(request.url ?? '');
    if (publicDocument.test(path)) return answered(request, documents);
    if (forClients.test(path)) return answered(request, anywhere);
    const { origin } = request.headers;
    if (origin === undefined || listed.has(origin) || !needsToken(request)) return answered(request, policy);
    return isAppOrigin(origin).then(isApp => answered(request, isApp ? reflecting : policy));
  };
}
