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
