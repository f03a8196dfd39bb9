/**
 * Makes an element. Everything is set as property or text, never as markup: texts of the document are data.
 *
 * @param properties of the element; `data` holds data attributes, other names with a dash are attributes
 */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key === 'data') Object.assign(made.dataset, value);
    else if (key.includes('-')) made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children.flat().filter(child => child !== null && child !== undefined));
  return made;
}

/** Paragraphs of a description; what stands between backticks is code. */
export function prose(text) {
  return (text ?? '')
    .split(/\n{2,}/)
    .filter(Boolean)
    .map(paragraph => element('p', {}, inline(paragraph)));
}

/** A line of text with code between backticks. */
export function inline(text) {
  return (text ?? '')
    .split('`')
    .map((part, index) => (index % 2 ? element('code', { textContent: part }) : part));
}
