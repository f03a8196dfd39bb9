import { parseCookie, stringifySetCookie } from 'cookie';
import type { CookieChanges } from './content.ts';
import { unkept } from './declared-answer.ts';
import type { EndpointSpec } from './spec.ts';

/** The name that browsers know a declared cookie by. */
export function cookieName(declared: string): string {
  return `__Host-${declared}`;
}

/** Those of a `Cookie` header that are declared, by their declared names. */
export function readCookies(
  { cookies = {} }: EndpointSpec,
  header: string | undefined,
): Record<string, string> {
  if (header === undefined) return {};
  const sent = parseCookie(header);
  const found: Record<string, string> = {};
  for (const declared of Object.keys(cookies)) {
    const value = sent[cookieName(declared)];
    if (value !== undefined) found[declared] = value;
  }
  return found;
}

/** The values of `Set-Cookie`. Whatever a value holds is encoded. @throws an ordinary Error for one that is not declared */
export function setCookies(spec: EndpointSpec, changes: CookieChanges): string[] {
  return Object.entries(changes).map(([name, value]) => {
    const declared = spec.cookies?.[name];
    if (!declared) throw unkept(spec, `declares no cookie ${name}`);
    const { sameSite, maxAge } = declared;
    return stringifySetCookie({
      name: cookieName(name),
      value: value ?? '',
      path: '/',
      secure: true,
      httpOnly: true,
      sameSite,
      maxAge: value === null ? 0 : maxAge,
    });
  });
}
