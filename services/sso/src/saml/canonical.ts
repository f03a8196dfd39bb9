import type { XmlAttribute, XmlElement } from './xml.ts';

type Namespaces = ReadonlyMap<string, string>;

export interface CanonicalOptions {
  /** Namespaces that elements around it declare. */
  around?: Namespaces;
  /** A child that is left out: the signature that is over the element. */
  without?: XmlElement;
  /** Prefixes whose declarations are kept although nothing visible uses them; '' is the default namespace. */
  inclusivePrefixes?: readonly string[];
}

/** An element by itself as the one text that Exclusive XML Canonicalization 1.0 gives it, without comments. */
export function canonical(
  element: XmlElement,
  { around = new Map(), without, inclusivePrefixes = [] }: CanonicalOptions = {},
): string {
  const pieces: string[] = [];
  write(element, around, new Map());
  return pieces.join('');

  function write(current: XmlElement, outer: Namespaces, rendered: Namespaces): void {
    const { prefix, attributes, declared, content } = current.written;
    const scope = declared.size > 0 ? new Map([...outer, ...declared]) : outer;
    const used = new Set([prefix, ...attributes.map(attribute => attribute.prefix).filter(Boolean)]);
    for (const inclusive of inclusivePrefixes) if (scope.has(inclusive)) used.add(inclusive);
    const missing = [...used]
      .filter(name => name !== 'xml' && (rendered.get(name) ?? '') !== (scope.get(name) ?? ''))
      .toSorted();
    const tag = prefix === '' ? current.name : `${prefix}:${current.name}`;
    pieces.push('<', tag);
    for (const name of missing)
      pieces.push(name === '' ? ' xmlns="' : ` xmlns:${name}="`, inAttribute(scope.get(name) ?? ''), '"');
    for (const { prefix: of, name, value } of attributes.toSorted(byNamespaceThenName))
      pieces.push(of === '' ? ` ${name}="` : ` ${of}:${name}="`, inAttribute(value), '"');
    pieces.push('>');
    const now =
      missing.length > 0
        ? new Map([...rendered, ...missing.map(name => [name, scope.get(name) ?? ''] as const)])
        : rendered;
    for (const part of content)
      if (typeof part === 'string') pieces.push(inText(part));
      else if (part !== without) write(part, scope, now);
    pieces.push('</', tag, '>');
  }
}

const compare = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0);
const byNamespaceThenName = (one: XmlAttribute, other: XmlAttribute) =>
  compare(one.namespace, other.namespace) || compare(one.name, other.name);

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#x9;',
  '\n': '&#xA;',
  '\r': '&#xD;',
};
const inText = (text: string) => text.replace(/[&<>\r]/g, character => ESCAPES[character]!);
const inAttribute = (text: string) => text.replace(/[&<"\t\n\r]/g, character => ESCAPES[character]!);
