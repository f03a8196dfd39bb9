import type { IncomingMessage } from 'node:http';
import cors from 'cors';
import { type HeaderLine, headerLine } from './header-line.ts';

/** What a page of another origin may learn: headers of the answer and whether the request is a preflight. */
export type CrossOrigin = { headers: readonly HeaderLine[]; preflight: boolean };

/** Seconds for which a browser may keep the answer to a preflight. */
const PREFLIGHT_SECONDS = 600;

/**
 * Cross-origin resource sharing for the origins of CORS_ORIGINS. Without credentials: the API knows no cookies, and
 * a bearer token is sent by script.
 */
export function crossOriginPolicy(origins: readonly string[]): (request: IncomingMessage) => CrossOrigin {
  const policy = cors({
    origin: [...origins],
    credentials: false,
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: [
      'Authorization',
      'Content-Type',
      'Idempotency-Key',
      'If-Match',
      'If-None-Match',
      'X-Request-Id',
      'Traceparent',
    ],
    exposedHeaders: [
      'X-Request-Id',
      'ETag',
      'RateLimit-Policy',
      'RateLimit',
      'X-RateLimit-Limit',
      'X-RateLimit-Remaining',
      'X-RateLimit-Reset',
      'Retry-After',
      'Idempotency-Replayed',
      'Deprecation',
      'Sunset',
      'Link',
    ],
    maxAge: PREFLIGHT_SECONDS,
  });
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
    policy(request as never, recorder as never, () => {
      preflight = false;
    });
    lines.delete('content-length');
    return { headers: [...lines.values()], preflight };
  };
}
