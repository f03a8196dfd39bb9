import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

type Page = { html: string; policy: string };

let assembled: Page | undefined;

/** The mailbox as one document that needs nothing else, and the policy that lets exactly its own code run. */
export function page(): Page {
  assembled ??= assemble();
  return assembled;
}

function assemble(): Page {
  const [frame, style, script] = ['mailbox.html', 'mailbox.css', 'mailbox.js'].map(part);
  return {
    html: frame!.replace('/* style */', () => style!).replace('/* script */', () => script!),
    policy: [
      "default-src 'none'",
      `style-src '${digest(style!)}'`,
      `script-src '${digest(script!)}'`,
      "connect-src 'self'",
      "frame-src 'self'",
      'img-src data:',
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
  };
}

function part(name: string): string {
  return readFileSync(join(import.meta.dirname, 'page', name), 'utf8');
}

function digest(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
