import { join } from 'node:path';
import { answerHeaders } from '../answer/answer-headers.ts';
import { securityHeaders } from '../answer/security-headers.ts';
import { answerWriter } from '../answer/write.ts';
import { files } from './files.ts';
import type { OwnEndpoints } from './own-endpoints.ts';

/** Everything that the page needs comes from here. It runs no inline script or style, and evaluates no text. */
const policy = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'"],
  'connect-src': ["'self'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
  'require-trusted-types-for': ["'script'"],
  'trusted-types': ["'none'"],
};

const parts = [
  'element.js',
  'icon.svg',
  'operation.js',
  'page.css',
  'page.js',
  'prose.js',
  'reference.js',
  'request.js',
  'schema.js',
];

/** The API's reference: a page of our own that reads the OpenAPI document (docs/decisions/0010). */
export function docs(publicUrl: string): OwnEndpoints {
  const write = answerWriter(answerHeaders(securityHeaders(publicUrl, policy)));
  const file = (name: string) => join(import.meta.dirname, 'docs', name);
  return files(
    write,
    { '/docs': file('page.html'), ...Object.fromEntries(parts.map(part => [`/docs/${part}`, file(part)])) },
    { 'Cache-Control': 'no-cache' },
  );
}
