import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { AnswerHeaders } from '../answer/answer-headers.ts';
import { answerHeaders } from '../answer/answer-headers.ts';
import { securityHeaders } from '../answer/security-headers.ts';
import { answerWriter } from '../answer/write.ts';
import type { OwnEndpoint } from './own-endpoints.ts';

/** Everything the page needs comes from here; it runs no inline script. */
const policy = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'", 'data:'],
  'font-src': ["'self'"],
  'connect-src': ["'self'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
};

const types: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  png: 'image/png',
};

const swagger = createRequire(import.meta.url)('swagger-ui-dist/absolute-path.js') as () => string;

/** The API's documentation: Swagger UI from the installed package, with a page, style and script of our own. */
export function docs(publicUrl: string): ReadonlyMap<string, OwnEndpoint> {
  const headers: AnswerHeaders = answerHeaders(securityHeaders(publicUrl, policy));
  const write = answerWriter(headers);
  const own = join(import.meta.dirname, 'docs');
  const files = {
    '/docs': join(own, 'page.html'),
    '/docs/page.css': join(own, 'page.css'),
    '/docs/page.js': join(own, 'page.js'),
    '/docs/swagger-ui.css': join(swagger(), 'swagger-ui.css'),
    '/docs/swagger-ui-bundle.js': join(swagger(), 'swagger-ui-bundle.js'),
    '/docs/favicon-32x32.png': join(swagger(), 'favicon-32x32.png'),
  };
  return new Map(
    Object.entries(files).map(([path, file]) => {
      let content: Buffer | undefined;
      const type = types[file.slice(file.lastIndexOf('.') + 1)]!;
      const serve: OwnEndpoint = exchange => {
        content ??= readFileSync(file);
        write.text(exchange, 200, content, { 'Content-Type': type, 'Cache-Control': 'public, max-age=3600' });
      };
      return [path, serve];
    }),
  );
}
