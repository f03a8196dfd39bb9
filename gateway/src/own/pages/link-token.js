/** What the API hands out: anything else in a link was cut or mistyped on its way. */
const proper = /^[\w-]{1,128}$/;

/**
 * The token of a link such as `/verify-email?token=…`, and null where there is none. It leaves the address bar and
 * the session's history at once, so that it is neither shown, bookmarked nor sent on.
 */
export function takeTokenOfQuery() {
  const token = new URLSearchParams(location.search).get('token');
  history.replaceState(null, '', location.pathname);
  return asToken(token);
}

/** The same for a link such as `/invitations/…`. */
export function takeTokenOfPath() {
  const [, folder, token] = location.pathname.split('/');
  history.replaceState(null, '', `/${folder}`);
  return asToken(token);
}

/** @returns undefined for what cannot be a token, null for none at all */
function asToken(text) {
  if (!text) return null;
  return proper.test(text) ? text : undefined;
}
