/** Begins the states of logins that go on at the platform's own page. */
const PREFIX = 'page.';

/**
 * Where the browser goes on with what a provider sent, if its login was begun by a page of the platform: only that page
 * knows the rest of the state, and takes no code that comes with another one.
 */
export function pageOf(
  publicUrl: string,
  provider: string,
  sent: {
    code?: string | undefined;
    state?: string | undefined;
    iss?: string | undefined;
    error?: string | undefined;
  },
): string | undefined {
  const { code, state, iss, error } = sent;
  if (!state?.startsWith(PREFIX)) return undefined;
  const told = Object.entries({ provider, state, code, iss, error }).filter(
    ([, value]) => value !== undefined,
  );
  return `${publicUrl}/social?${new URLSearchParams(told as [string, string][])}`;
}
