import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { answerHeaders } from '../answer/answer-headers.ts';
import { securityHeaders } from '../answer/security-headers.ts';
import { answerWriter } from '../answer/write.ts';
import type { OwnEndpoint } from './own-endpoints.ts';

/** Scripts and styles from here alone, calls to here alone; a form goes nowhere without its script. */
const policy = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ['data:'],
  'connect-src': ["'self'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
  'require-trusted-types-for': ["'script'"],
  'trusted-types': ["'none'"],
};

const types: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
};

/** Where the links in mails lead. `/invitations` is what remains in the address bar once the token is out of it. */
const documents = {
  '/verify-email': 'verify-email.html',
  '/reset-password': 'reset-password.html',
  '/invitations': 'invitation.html',
  '/invitations/*': 'invitation.html',
};

const parts = [
  'page.css',
  'accept-invitation.js',
  'api.js',
  'confirm-code.js',
  'failure-words.js',
  'form.js',
  'invitation.js',
  'invitation-details.js',
  'link-token.js',
  'password-field.js',
  'registration.js',
  'reset-password.js',
  'sign-in.js',
  'sign-up.js',
  'verify-email.js',
  'view.js',
];

/**
 * The pages behind the links in mails, for as long as no browser app takes them over (APP_URL). They talk to the API
 * like any other client; nothing that a link carries is stored or cached, and a link opened by a scanner does nothing.
 */
export function pages(publicUrl: string): ReadonlyMap<string, OwnEndpoint> {
  const write = answerWriter(answerHeaders(securityHeaders(publicUrl, policy)));
  const files = { ...documents, ...Object.fromEntries(parts.map(part => [`/pages/${part}`, part])) };
  return new Map(
    Object.entries(files).map(([path, file]) => {
      let content: Buffer | undefined;
      const headers = {
        'Content-Type': types[file.slice(file.lastIndexOf('.') + 1)]!,
        'Cache-Control': 'no-store',
        'X-Robots-Tag': 'noindex, nofollow',
      };
      const serve: OwnEndpoint = exchange => {
        content ??= readFileSync(join(import.meta.dirname, 'pages', file));
        write.text(exchange, 200, content, headers);
      };
      return [path, serve];
    }),
  );
}
