const NAME = 'registration';
/** Milliseconds after which a registration that nobody confirmed is gone. */
const LIFE = 86_400_000;

/**
 * Keeps the temporary token of a registration that was made in this browser. The mailed link opens in another tab, and
 * proves by it that its reader is who registered. Without the mail the token is of no use.
 */
export function keepRegistration(temporaryToken) {
  try {
    localStorage.setItem(NAME, JSON.stringify({ temporaryToken, until: Date.now() + LIFE }));
  } catch {
    // A browser that stores nothing: the code still works here, and the link asks for a password.
  }
}

/** The token that was kept last; undefined where there is none. */
export function keptRegistration() {
  try {
    const { temporaryToken, until } = JSON.parse(localStorage.getItem(NAME)) ?? {};
    if (until > Date.now()) return temporaryToken;
    forgetRegistration();
  } catch {
    return undefined;
  }
}

export function forgetRegistration() {
  try {
    localStorage.removeItem(NAME);
  } catch {
    // Nothing was kept.
  }
}
