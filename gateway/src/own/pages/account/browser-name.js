/** Newer browsers name the older ones too, so the first that is found counts. */
const browsers = {
  Edg: 'Edge',
  OPR: 'Opera',
  Firefox: 'Firefox',
  Chrome: 'Chrome',
  CriOS: 'Chrome',
  Safari: 'Safari',
};
const systems = {
  Android: 'Android',
  'iPhone|iPad': 'iOS',
  Windows: 'Windows',
  'Mac OS X': 'macOS',
  Linux: 'Linux',
};

/** What a User-Agent header says in words, such as "Chrome on Windows"; a program by its name. */
export function browserName(userAgent) {
  const named = list => list[Object.keys(list).find(mark => new RegExp(mark).test(userAgent))];
  const [browser, system] = [named(browsers), named(systems)];
  if (browser) return system ? `${browser} on ${system}` : browser;
  return userAgent?.split(/[ /]/)[0] || 'Unknown program';
}
