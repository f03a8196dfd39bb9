type Content = XmlText | undefined;

/** Text that is XML already. */
export interface XmlText {
  xml: string;
}

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string) => text.replace(/[&<>"]/g, character => ESCAPES[character]!);

/** Writes an element. Attributes without a value, and children that are undefined, are left out. */
export function element(
  name: string,
  attributes: Record<string, string | undefined>,
  ...content: (string | Content)[]
): XmlText {
  const written = Object.entries(attributes).map(([attribute, value]) =>
    value === undefined ? '' : ` ${attribute}="${escaped(value)}"`,
  );
  const inside = content.map(part => (typeof part === 'string' ? escaped(part) : (part?.xml ?? '')));
  return { xml: `<${name}${written.join('')}>${inside.join('')}</${name}>` };
}
