/** In the reader's time zone, in the language of the page. */
export function day(time) {
  const { lang } = document.documentElement;
  return new Date(time).toLocaleDateString(lang, { day: 'numeric', month: 'long', year: 'numeric' });
}

export function lastUse(time) {
  return time ? `last used ${day(time)}` : 'never used';
}
