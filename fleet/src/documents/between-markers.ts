const END = '<!-- end -->';

/**
 * The document with its part of this name replaced: what stands between `<!-- name: … -->` and `<!-- end -->`.
 *
 * @throws where the document has no such part
 */
export function betweenMarkers(document: string, name: string, content: string): string {
  const begin = document.indexOf(`<!-- ${name}:`);
  const from = document.indexOf('-->', begin) + 3;
  const to = document.indexOf(END, from);
  if (begin < 0 || to < 0) throw new Error(`The document has no part "${name}"`);
  return `${document.slice(0, from)}\n\n${content}\n\n${document.slice(to)}`;
}
