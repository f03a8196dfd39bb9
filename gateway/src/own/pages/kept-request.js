const NAME = 'request';
/** Milliseconds: as long as a link that sets a password works. */
const LIFE = 3_600_000;

/** Keeps what an app asked for, which is no secret, while the person is busy with a mailed link in another tab. */
export function keepRequest() {
  try {
    const { pathname, search } = location;
    localStorage.setItem(NAME, JSON.stringify({ pathname, search, until: Date.now() + LIFE }));
  } catch {
    // A browser that stores nothing: the tab that the person came from is still there.
  }
}

/** What an app asked for, as the query of its address; undefined where nothing is kept. */
export function keptRequest() {
  try {
    const { search, until } = JSON.parse(localStorage.getItem(NAME)) ?? {};
    if (until > Date.now() && search) return search;
  } catch {
    // Nothing was kept.
  }
}

/** The address on this site where the person goes on: the request that was kept, which is then forgotten, else the account. */
export function takeRequest() {
  const search = keptRequest();
  try {
    localStorage.removeItem(NAME);
  } catch {
    // Nothing was kept.
  }
  return search ? `/authorize${search}` : '/account';
}
