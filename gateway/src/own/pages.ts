import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { answerHeaders } from '../answer/answer-headers.ts';
import { securityHeaders } from '../answer/security-headers.ts';
import { answerWriter } from '../answer/write.ts';
import type { RequestBodies } from '../forwarding/request-body.ts';
import { accentSheet } from './accent/accent-sheet.ts';
import { files } from './files.ts';
import type { OwnEndpoints } from './own-endpoints.ts';
import { postedPage } from './posted-page.ts';

/** Scripts, styles and logos from here alone, calls to here alone; a form goes nowhere without its script. */
const policy = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
  'require-trusted-types-for': ["'script'"],
  'trusted-types': ["'none'"],
};

/**
 * Where the links in mails lead, apps and devices to have somebody signed in, and people to look after their account. `/invitations`
 * is what remains in the address bar once the token is out of it.
 */
const documents = {
  '/verify-email': 'verify-email.html',
  '/reset-password': 'reset-password.html',
  '/not-me': 'not-me.html',
  '/authorize': 'authorize.html',
  '/end-session': 'end-session.html',
  '/account': 'account.html',
  '/device': 'device.html',
  '/sign-in': 'enter.html',
  '/sign-up': 'enter.html',
  '/social': 'social.html',
  '/sso': 'sso.html',
  '/invitations': 'invitation.html',
  '/invitations/*': 'invitation.html',
};

const parts = [
  'page.css',
  'account/account.css',
  'choice.css',
  'invitation.css',
  'request.css',
  'accept-invitation.js',
  'account.js',
  'account/asked-button.js',
  'account/organizations.js',
  'account/connected-accounts.js',
  'account/day.js',
  'account/impersonations.js',
  'account/made-form.js',
  'account/passkeys.js',
  'account/password.js',
  'account/profile.js',
  'account/second-factors.js',
  'account/section.js',
  'account/session.js',
  'account/sessions.js',
  'account/show-once.js',
  'account/step-up.js',
  'account/tokens.js',
  'account/trusted-devices.js',
  'api.js',
  'authorization-request.js',
  'authorize.js',
  'branding.js',
  'browser-session.js',
  'confirm-code.js',
  'device.js',
  'elsewhere.js',
  'end-session.js',
  'enter.js',
  'failure-words.js',
  'forgot-password.js',
  'form.js',
  'here.js',
  'invitation.js',
  'invitation-details.js',
  'kept-request.js',
  'link-token.js',
  'newcomers.js',
  'not-me.js',
  'organization-sign-in.js',
  'passkey.js',
  'password-field.js',
  'registration.js',
  'reset-password.js',
  'scopes.js',
  'second-factor.js',
  'sign-in.js',
  'sign-up.js',
  'social-buttons.js',
  'social-flow.js',
  'social.js',
  'sso.js',
  'sso-buttons.js',
  'sso-flow.js',
  'sso-required.js',
  'sso-words.js',
  'verify-email.js',
  'view.js',
  'ways-in.js',
];

/** Those that apps may also open by a form. */
const posted = ['/authorize', '/end-session'];

const folder = join(import.meta.dirname, 'pages');

/**
 * What is sent of a file: its lines without indentation and comments, and of scripts and styles without the breaks between
 * lines that say nothing, which together are a third of it. No text of a script may go over several lines.
 */
async function readLean(file: string): Promise<string> {
  if (file.endsWith('.html')) return withoutIndentation(await readPage(file));
  const written = await readFile(file, 'utf8');
  const bare = withoutIndentation(written.replace(/^\s*(?:\/\*[\s\S]*?\*\/|\/\/.*)$/gm, ''));
  if (file.endsWith('.js')) return bare.replace(IDLE_BREAK, '');
  return bare
    .replace(/\s+/g, ' ')
    .replace(/ ?([{};,]) ?/g, '$1')
    .replaceAll(': ', ':');
}

/**
 * A break in a script after or before what shows that a statement goes on or has ended (ECMAScript, section 12.10), in
 * lines without a comment.
 */
const IDLE_BREAK = /(?<=^(?!.*\/\/).*)(?:(?<=[;{,([])\n|\n(?=[})\].?:&|]))/gm;

const withoutIndentation = (text: string) => text.replace(/^\s+/gm, '');

/** A page, with the fragments that it shares with others where it names them, as in `<!-- head -->`. */
async function readPage(file: string): Promise<string> {
  const [first = '', ...rest] = (await readFile(file, 'utf8')).split(/<!-- ([a-z-]+) -->/);
  const read = (part: string, index: number) =>
    index % 2 === 0 ? readPage(join(folder, 'fragments', `${part}.html`)) : part;
  return first + (await Promise.all(rest.map(read))).join('');
}

/**
 * The pages for people; those behind the links in mails for as long as no browser app takes them over (APP_URL). They
 * talk to the API like any other client; nothing that a link carries is stored or cached, and a link opened by a scanner
 * does nothing.
 */
export function pages(publicUrl: string, bodies: RequestBodies): OwnEndpoints {
  const write = answerWriter(answerHeaders(securityHeaders(publicUrl, policy)));
  const inFolder = (list: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(list).map(([path, file]) => [path, join(folder, file)]));
  const unlisted = { 'X-Robots-Tag': 'noindex, nofollow' };
  return new Map([
    ...files(write, inFolder(documents), { ...unlisted, 'Cache-Control': 'no-store' }, readLean),
    ...files(
      write,
      inFolder(Object.fromEntries(parts.map(part => [`/pages/${part}`, part]))),
      { ...unlisted, 'Cache-Control': 'no-cache' },
      readLean,
    ),
    ['/pages/accent/*', accentSheet(write, { ...unlisted, 'Cache-Control': 'public, max-age=86400' })],
    ...posted.map(path => [`POST ${path}`, postedPage(write, bodies, path)] as const),
  ]);
}
