import { type Content, page } from '@rivergate/endpoint';
import { escapeHtml } from '@rivergate/mail';
import type { Posting } from './kept-form.ts';

const STYLE = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
main{max-width:32rem;margin:15vh auto;padding:0 1rem}
button{font:inherit;padding:.75rem 1.25rem;cursor:pointer}`;
const SCRIPT = 'document.forms[0].submit();';

/**
 * A page that posts a logout message to a provider (SAML Bindings, section 3.5). Browsers ask the policy about redirects of a
 * form too, so it lets the provider lead on to any site behind TLS, and back.
 */
export function postingPage({ url, fields }: Posting): Content<never> {
  const inputs = Object.entries(fields).map(
    ([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  );
  const { origin } = new URL(url);
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex"><title>Signing out · Rivergate</title><style>${STYLE}</style></head>
<body><main><h1>Signing you out</h1>
<p>You are taken to <bdi>${escapeHtml(origin)}</bdi>.</p>
<form method="post" action="${escapeHtml(url)}">${inputs.join('')}<noscript><button type="submit">Go on</button></noscript></form>
<script>${SCRIPT}</script></main></body></html>`;
  return page(html, {
    styles: [STYLE],
    scripts: [SCRIPT],
    formTargets: [origin, 'https:'],
    headers: { 'cache-control': 'no-store', 'referrer-policy': 'strict-origin' },
  });
}
