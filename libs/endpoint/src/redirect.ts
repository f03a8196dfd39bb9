import { unkept } from './declared-answer.ts';
import type { EndpointSpec } from './spec.ts';

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
  const plain = url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
  if (!plain) throw unkept(spec, 'redirects to what is no address');
  const allowed = url.origin === origin || redirects.to === 'any' || redirects.to.includes(url.origin);
  if (!allowed) throw unkept(spec, `redirects to ${url.origin}, which it does not declare`);
  return url.href;
}
