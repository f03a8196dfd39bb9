import type { Json } from './json-schema.ts';

const text = (description: string, example: string): Json => ({
  description,
  schema: { type: 'string' },
  example,
});
const count = (description: string, example: number): Json => ({
  description,
  schema: { type: 'integer', format: 'int64', minimum: 0 },
  example,
});

/** Every header that an answer may carry, by its name; `components.headers` of the document. */
export const HEADERS: Record<string, Json> = {
  'X-Request-Id': text(
    'Under which the request stands in the logs. Quote it when you ask for help.',
    '0b9c5f3e-7d0a-4c51-9a3e-2f1d8c6b7a54',
  ),
  'RateLimit-Policy': text(
    'The limits that were counted, each with its quota and its window in seconds (IETF draft).',
    '"standard";q=100;w=60',
  ),
  RateLimit: text(
    'What is left of each limit, and the seconds until it starts anew (IETF draft).',
    '"standard";r=99;t=60',
  ),
  'X-RateLimit-Limit': count('Requests in the window of the limit that binds.', 100),
  'X-RateLimit-Remaining': count('Requests that are left in it.', 99),
  'X-RateLimit-Reset': count('Seconds until it starts anew.', 60),
  'Retry-After': count('Seconds to wait before the next try (RFC 9110, section 10.2.3).', 30),
  ETag: text(
    'Names what was answered: send it with If-None-Match to read again, with If-Match to change it (RFC 9110, section 8.8.3).',
    '"9b2f7c41d0e86a35b1c4f7e2a9d06c83"',
  ),
  Accept: text(
    'Which media types a request may have, where it had another (RFC 9110, section 15.5.16).',
    'application/json',
  ),
  'Accept-Ranges': text('Which units Range may be in (RFC 9110, section 14.3).', 'bytes'),
  'Content-Range': text(
    'Which part this is of how many bytes, or of how many there is none (RFC 9110, section 14.4).',
    'bytes 0-1023/146515',
  ),
  'Last-Modified': text(
    'When it was changed, where that is known (RFC 9110, section 8.8.2).',
    'Tue, 15 Dec 2026 12:45:26 GMT',
  ),
  Location: text(
    'Where to go on, or where what was accepted can be followed (RFC 9110, sections 10.2.2 and 15.3.3).',
    '/api/v1/organizations/7/members/bulk-invite/12',
  ),
  'Set-Cookie': text(
    'Cookies that are set or cleared (RFC 6265).',
    '__Host-name=value; Path=/; HttpOnly; Secure; SameSite=Lax',
  ),
  'Accept-Encoding': text(
    'Which content codings a request may have: none (RFC 9110, section 15.5.16).',
    'identity',
  ),
  'WWW-Authenticate': text('How to authenticate (RFC 9110, section 11.6.1).', 'Bearer'),
  'Idempotency-Replayed': {
    description: 'Stands on an answer that was kept from an earlier request with the same idempotency key.',
    schema: { type: 'string', const: 'true' },
    example: 'true',
  },
  Deprecation: text('Since when the operation is deprecated (RFC 9745).', '@1767225600'),
  Sunset: text('When it goes away (RFC 8594).', 'Thu, 31 Dec 2026 00:00:00 GMT'),
  Link: text(
    'A page that says what to use instead (RFC 9745, section 3).',
    '<https://example.com/changes>; rel="deprecation"; type="text/html"',
  ),
};

/** On every answer that the gateway lets through. */
const ALWAYS = [
  'X-Request-Id',
  'RateLimit-Policy',
  'RateLimit',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
];

/** The `headers` of a response: those that are on every answer, and these. */
export function headersOf(...names: string[]): Json {
  return Object.fromEntries(
    [...ALWAYS, ...names].map(name => [name, { $ref: `#/components/headers/${name}` }]),
  );
}
