/** Where somebody goes on who has signed in elsewhere: with what an app or a device asks for, else with the account. */
export function here() {
  const { pathname, search } = location;
  if (pathname === '/authorize') return `${pathname}${search}`;
  return pathname === '/device' ? pathname : '/account';
}
