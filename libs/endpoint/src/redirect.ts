import { unkept } from './declared-answer.ts';
import type { EndpointSpec } from './spec.ts';

/** Also those of installed apps, which are domains backwards (RFC 8252, section 7.1); never one that runs script. */
const ANY_SCHEME = /^(?:https?|[a-z][a-z\d-]*(?:\.[a-z\d-]+)+):$/;

/**
 * The value of `Location`: absolute, so that no two clients read it differently.
 *
 * @throws an ordinary Error, also in production, for a target that the declaration does not allow: what comes from
 *   outside must not lead elsewhere by mistake
 */
export function locationOf(spec: EndpointSpec, location: string, publicUrl: string): string {
  const { redirects } = spec;
  if (!redirects) throw unkept(spec, 'declares no redirects');
  // A URL's parser passes over line breaks and tabs, and turns round what looks like another host.
  const url = /^[\x21-\x7e]+$/.test(location) ? URL.parse(location, publicUrl) : null;
  const { origin } = new URL(publicUrl);
  const known = redirects.to === 'any' ? ANY_SCHEME : /^https?:$/;
  const plain = url !== null && known.test(url.protocol) && url.username === '' && url.password === '';
  if (!plain) throw unkept(spec, 'redirects to what is no address');
  const allowed = url.origin === origin || redirects.to === 'any' || redirects.to.includes(url.origin);
  if (!allowed) throw unkept(spec, `redirects to ${url.origin}, which it does not declare`);
  return url.href;
}
