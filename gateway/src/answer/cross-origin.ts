import type { IncomingMessage } from 'node:http';
import cors from 'cors';
import { requestedPath } from '../routes/path.ts';
import { type HeaderLine, headerLine } from './header-line.ts';

/** What a page of another origin may learn: headers of the answer and whether the request is a preflight. */
export type CrossOrigin = { headers: readonly HeaderLine[]; preflight: boolean };

/** Seconds for which a browser may keep the answer to a preflight. */
const PREFLIGHT_SECONDS = 600;

/** What everybody may read without a token, a page of any origin too: the documents that clients are made from. */
const publicDocument =
  /^(?:\/api(?:\/v1)?\/(?:openapi|asyncapi)\.json|\/\.well-known\/(?:jwks\.json|openid-configuration|oauth-authorization-server)|\/docs(?:\/.*)?)$/;

/** What the app of any origin may ask that has a token of its own, and learns nothing by but what its user agreed to. */
const ofAnyApp = /^\/oauth\/userinfo$/;

/**
 * Cross-origin resource sharing for the origins of CORS_ORIGINS, and for every origin where the document is public, or where
 * an app asks who its user is.
 * Without credentials: the API knows no cookies, and a bearer token is sent by script.
 */
export function crossOriginPolicy(origins: readonly string[]): (request: IncomingMessage) => CrossOrigin {
  const documents = cors({
    origin: '*',
    credentials: false,
    methods: ['GET', 'HEAD'],
    allowedHeaders: ['If-None-Match', 'X-Request-Id', 'Traceparent'],
    exposedHeaders: ['ETag', 'X-Request-Id', 'Retry-After'],
    maxAge: PREFLIGHT_SECONDS,
  });
  const policyOf = (origin: string | string[]) =>
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
  const [policy, anywhere] = [policyOf([...origins]), policyOf('*')];
  return request => {
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
    const path = requestedPath(request.url ?? '');
    const applied = publicDocument.test(path) ? documents : ofAnyApp.test(path) ? anywhere : policy;
    applied(request as never, recorder as never, () => {
      preflight = false;
    });
    lines.delete('content-length');
    return { headers: [...lines.values()], preflight };
  };
}
