import { element } from './element.js';

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
