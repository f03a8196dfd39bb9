const product = 'Rivergate';

/**
 * Shows one of the page's views and nothing else. After something the person did, the focus goes to its heading:
 * that is where reading goes on, and what a screen reader speaks.
 */
export function show(name, { focus = true } = {}) {
  for (const view of document.querySelectorAll('[data-view]')) view.hidden = view.dataset.view !== name;
  const heading = document.querySelector(`[data-view="${name}"] h1`);
  document.title = `${heading.textContent} · ${product}`;
  announce('');
  if (focus) heading.focus();
}

/** Says in passing what is going on. */
export function announce(text) {
  document.getElementById('status').textContent = text;
}

/** Puts texts into all places that ask for them by name. Text only: it may be anybody's. */
export function fill(texts) {
  for (const [name, text] of Object.entries(texts)) {
    for (const place of document.querySelectorAll(`[data-text="${name}"]`)) place.textContent = text;
  }
}

/** Shows an ending for which the page has no view of its own. */
export function showEnding(heading, text) {
  fill({ 'ending-heading': heading, 'ending-text': text });
  show('ending');
}
