/** In the reader's time zone, in the language of the page. */
export function day(time) {
  const { lang } = document.documentElement;
  return new Date(time).toLocaleDateString(lang, { day: 'numeric', month: 'long', year: 'numeric' });
}

/** The time of day, likewise. */
export function clock(time) {
  const { lang } = document.documentElement;
  return new Date(time).toLocaleTimeString(lang, { hour: 'numeric', minute: '2-digit' });
}

export function lastUse(time) {
  return time ? `last used ${day(time)}` : 'never used';
}
