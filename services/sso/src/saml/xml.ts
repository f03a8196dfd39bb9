import { SaxesParser } from 'saxes';
import { refuse } from './refusal.ts';

/** Bytes of a message, as text. */
export const MOST_BYTES = 256 * 1024;
const DEEPEST = 40;
const MOST_ELEMENTS = 5_000;
/** On one element: the parser that the signature library brings compares each with all others. */
const MOST_ATTRIBUTES = 64;

/** An element as a strict parser sees it. Names are local, with their namespace. */
export interface XmlElement {
  name: string;
  namespace: string;
  /** Those without a namespace. */
  attributes: ReadonlyMap<string, string>;
  children: XmlElement[];
  /** Its own, without that of its children. */
  text: string;
}

/**
 * Parses XML 1.0 in bounds: 256 KB, 40 elements deep, 5,000 of them, with 64 attributes each. No document type, so no
 * entities of its own; no comment, processing instruction or CDATA section, since parsers differ on the text around them.
 *
 * @param allowing comments and instructions, for metadata, in which people leave them
 * @throws SamlRefusal
 */
export function parseXml(text: string, { allowing = false }: { allowing?: boolean } = {}): XmlElement {
  if (Buffer.byteLength(text) > MOST_BYTES) refuse('TOO_LARGE');
  const parser = new SaxesParser({
    xmlns: true,
    position: false,
    defaultXMLVersion: '1.0',
    forceXMLVersion: true,
  });
  const open: XmlElement[] = [];
  let root: XmlElement | undefined;
  let elements = 0;
  let attributes = 0;
  parser.on('error', () => refuse('MALFORMED_MESSAGE'));
  parser.on('doctype', () => refuse('FORBIDDEN_MARKUP'));
  parser.on('xmldecl', ({ version, encoding }) => {
    if (version !== '1.0' || (encoding ?? 'utf-8').toLowerCase() !== 'utf-8') refuse('MALFORMED_MESSAGE');
  });
  if (!allowing)
    for (const markup of ['comment', 'processinginstruction', 'cdata'] as const)
      parser.on(markup, () => refuse('FORBIDDEN_MARKUP'));
  parser.on('opentagstart', () => {
    elements += 1;
    attributes = 0;
    if (elements > MOST_ELEMENTS || open.length >= DEEPEST) refuse('TOO_LARGE');
  });
  parser.on('attribute', () => {
    attributes += 1;
    if (attributes > MOST_ATTRIBUTES) refuse('TOO_LARGE');
  });
  parser.on('opentag', tag => {
    const plain = Object.values(tag.attributes).filter(({ uri, prefix }) => uri === '' && prefix === '');
    const element: XmlElement = {
      name: tag.local,
      namespace: tag.uri,
      attributes: new Map(plain.map(({ local, value }) => [local, value])),
      children: [],
      text: '',
    };
    open.at(-1)?.children.push(element);
    root ??= element;
    open.push(element);
  });
  parser.on('text', text => {
    const element = open.at(-1);
    if (element) element.text += text;
  });
  parser.on('closetag', () => open.pop());
  parser.write(text).close();
  return root ?? refuse('MALFORMED_MESSAGE');
}

/** It and all below it, in the order of the document. */
export function* descendants(element: XmlElement): Generator<XmlElement> {
  yield element;
  for (const child of element.children) yield* descendants(child);
}

export const childrenOf = (element: XmlElement, namespace: string, name: string): XmlElement[] =>
  element.children.filter(child => child.name === name && child.namespace === namespace);

/** The only child of this name, or undefined where there is none. Several are refused. */
export function childOf(element: XmlElement, namespace: string, name: string): XmlElement | undefined {
  const [child, ...others] = childrenOf(element, namespace, name);
  return others.length === 0 ? child : refuse('MALFORMED_MESSAGE');
}

/** The text of an element that has nothing but text. */
export function textOf(element: XmlElement): string {
  return element.children.length === 0 ? element.text : refuse('MALFORMED_MESSAGE');
}

/** xs:dateTime with a time zone (SAML Core, section 1.3.3: UTC). */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,12})?(?:Z|[+-]\d\d:\d\d)$/;

/** The time in an attribute, or undefined where there is none. One that cannot be read is refused. */
export function timeOf(element: XmlElement, attribute: string): Date | undefined {
  const value = element.attributes.get(attribute);
  if (value === undefined) return undefined;
  const time = new Date(value);
  return TIME.test(value) && !Number.isNaN(time.getTime()) ? time : refuse('MALFORMED_MESSAGE');
}
