/** When an endpoint was declared deprecated and when it ends; dates as `2027-01-31`, at midnight UTC. */
export interface Deprecation {
  since: string;
  sunset: string;
  /** Address of the page for people that says what to use instead. */
  link?: string;
}

/**
 * Headers that announce it on every answer: Deprecation (RFC 9745), Sunset (RFC 8594) and, where there is a page about
 * it, Link with the relation type `deprecation` (RFC 9745, section 3).
 *
 * @throws an ordinary Error for a date or an address that is none, and for an end before the announcement (RFC 9745,
 *   section 4)
 */
export function deprecationHeaders(deprecated: Deprecation | undefined): Record<string, string> {
  if (!deprecated) return {};
  const since = midnight(deprecated.since);
  const sunset = midnight(deprecated.sunset);
  if (sunset < since) throw new Error('An endpoint cannot end before it is deprecated');
  return {
    Deprecation: `@${since.getTime() / 1_000}`,
    Sunset: sunset.toUTCString(),
    ...(deprecated.link
      ? { Link: `<${new URL(deprecated.link).href}>; rel="deprecation"; type="text/html"` }
      : {}),
  };
}

function midnight(date: string): Date {
  const found = new Date(`${date}T00:00:00Z`);
  if (Number.isNaN(found.getTime()) || !found.toISOString().startsWith(date))
    throw new Error(`${date} is no date`);
  return found;
}
