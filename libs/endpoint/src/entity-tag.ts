import { hash } from 'node:crypto';
import type { EndpointSpec } from './spec.ts';

/** Whether a read answers something whole, which an entity tag can name. */
export function hasEntityTag(spec: EndpointSpec): boolean {
  if (spec.method !== 'get') return false;
  return (
    spec.answer !== undefined ||
    spec.content !== undefined ||
    !(spec.streams || spec.events || spec.redirects)
  );
}

/** The mark of a content coding at the end of a tag; a tag itself is hexadecimal and cannot look like one. */
const CODING = /-(?:br|gzip)"$/;

/** The strong entity tag of a representation (RFC 9110, section 8.8.3), not coded: a hash of its bytes. */
export function entityTag(body: string | Buffer): string {
  return `"${hash('sha256', body).slice(0, 32)}"`;
}

/** The tag of the same representation in a content coding: strong tags differ by it (section 8.8.3.3), weak ones do not. */
export function codedTag(tag: string, coding: string): string {
  if (tag.startsWith('W/')) return tag;
  return tag.replace(/"$/, `-${coding}"`);
}

/**
 * The tag in an `If-None-Match` that stands for the representation, by weak comparison (section 13.1.2); undefined
 * where none does.
 */
export function knownTag(ifNoneMatch: string | undefined, tag: string): string | undefined {
  if (ifNoneMatch?.trim() === '*') return tag;
  if (tag.startsWith('W/')) return matchesWeakly(ifNoneMatch, tag) ? tag : undefined;
  return tagsOf(ifNoneMatch)
    .map(known => known.replace(/^W\//, ''))
    .find(known => uncoded(known) === tag);
}

/** Whether an `If-Match` names the representation, by strong comparison (section 13.1.1). */
export function matches(ifMatch: string, tag: string): boolean {
  return ifMatch.trim() === '*' || tagsOf(ifMatch).some(known => uncoded(known) === tag);
}

/** Whether a list of tags names the representation, by weak comparison (section 8.8.3.2). */
export function matchesWeakly(tags: string | undefined, tag: string): boolean {
  const opaque = (one: string) => one.replace(/^W\//, '');
  return tags?.trim() === '*' || tagsOf(tags).some(known => opaque(known) === opaque(tag));
}

function tagsOf(header = ''): string[] {
  return header.match(/(?:W\/)?"[^"]*"/g) ?? [];
}

function uncoded(tag: string): string {
  return tag.replace(CODING, '"');
}
