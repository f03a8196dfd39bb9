import providers from 'email-providers/all.json' with { type: 'json' };
import { getDomain } from 'tldts';
import { MOST_CHARACTERS } from './challenge.ts';

const PROVIDERS: ReadonlySet<string> = new Set(providers);

/**
 * Why no organization can have a domain, whatever DNS says: its addresses, or the names below it, are those of anybody.
 *
 * @param domain a host name in lower case and ASCII
 */
export function whyNotClaimable(domain: string): string | undefined {
  if (domain.length > MOST_CHARACTERS) return `must have at most ${MOST_CHARACTERS} characters`;
  // Of the public suffix list, with the part that companies have put in for what they give to customers.
  if (getDomain(domain, { allowPrivateDomains: true }) === null)
    return 'is a public suffix, below which names are given to anybody';
  if (PROVIDERS.has(domain)) return 'is of a provider that gives addresses to anybody';
  return undefined;
}
