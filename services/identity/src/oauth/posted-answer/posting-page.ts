import { type Content, page } from '@rivergate/endpoint';
import { escapeHtml } from '@rivergate/mail';
import type { PostedAnswer } from './posted-answer.ts';

const STYLE = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
main{max-width:32rem;margin:15vh auto;padding:0 1rem}
button{font:inherit;padding:.75rem 1.25rem;cursor:pointer}`;
const SCRIPT = 'document.forms[0].submit();';

/** The origin alone goes along: clients that compare it see from where the answer comes, and nobody what the address held. */
const HEADERS = { 'cache-control': 'no-store', 'referrer-policy': 'strict-origin' };

/**
 * A page whose form holds the answer, and leads to the client. Browsers ask the policy about redirects of a form too, so it lets
 * the client lead on to any site behind TLS.
 *
 * @param byItself whether the browser comes from a page of ours, where its user has just decided; who comes from elsewhere is
 *   asked, so that no other site can have an answer posted by a visit
 */
export function postingPage({ to, parameters }: PostedAnswer, byItself: boolean): Content<never> {
  const fields = Object.entries(parameters).map(
    ([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  );
  const { origin } = new URL(to);
  const button = '<button type="submit">Go on</button>';
  const body = `<h1>Going back to the app</h1>
<p>Your answer goes to <bdi>${escapeHtml(origin)}</bdi>.</p>
<form method="post" action="${escapeHtml(to)}">${fields.join('')}${byItself ? `<noscript>${button}</noscript>` : button}</form>`;
  return page(document(byItself ? `${body}<script>${SCRIPT}</script>` : body), {
    styles: [STYLE],
    scripts: byItself ? [SCRIPT] : [],
    formTargets: [origin, 'https:'],
    headers: HEADERS,
  });
}

/** For an answer that was posted before, came too late, or is none. */
export function nothingToPost(): Content<never> {
  const body = `<h1>This sign-in cannot go on</h1>
<p>It took too long, or went back to the app before. Go back to the app and start again.</p>`;
  return page(document(body), { styles: [STYLE], headers: HEADERS });
}

const document = (body: string) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex"><title>Back to the app · Rivergate</title><style>${STYLE}</style></head>
<body><main>${body}</main></body></html>`;
