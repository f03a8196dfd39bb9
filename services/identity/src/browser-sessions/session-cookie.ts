/**
 * Holds a random secret, under which a session is kept. It ends with the browser, and no other site has it sent: pages
 * ask for tokens by script, so that even who comes from an app's site is known (docs/decisions/0037).
 */
export const SESSION_COOKIE = { session: { sameSite: 'strict' } } as const;
