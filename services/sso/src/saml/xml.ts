import { SaxesParser } from 'saxes';
import { refuse } from './refusal.ts';

/** Bytes of a message, as text. */
export const MOST_BYTES = 256 * 1024;
const DEEPEST = 40;
/**
 * As many as it takes to name the 1,015 groups that Windows lets somebody be in, each by an attribute of its own, and some more: what
 * node-saml takes grows with them.
 */
const MOST_ELEMENTS = 2_500;
/** Metadata, which node-saml does not see, may be of several providers. */
const MOST_IN_METADATA = 5_000;
/** On one element: the parser of node-saml compares each with all others. */
const MOST_ON_ONE = 64;
/** For each element, with declarations of namespaces, in the whole message: Keycloak puts three on each value. */
const ATTRIBUTES_EACH = 3;

const XMLNS = 'http://www.w3.org/2000/xmlns/';

/**
 * Elements, attributes and declarations in parts that anybody can add to, since no signature is over them: what surrounds a signed
 * assertion, what tells of keys. Libraries take long over them.
 */
export const MOST_UNSIGNED = 300;

/** An element as a strict parser sees it. Names are local, with their namespace. */
export interface XmlElement {
  name: string;
  namespace: string;
  /** Those without a namespace. */
  attributes: ReadonlyMap<string, string>;
  children: XmlElement[];
  /** Its own, without that of its children. */
  text: string;
  /** As it is written, which is what signatures are over. */
  written: {
    prefix: string;
    attributes: readonly XmlAttribute[];
    /** Namespaces that are declared on it, by prefix. */
    declared: ReadonlyMap<string, string>;
    content: (XmlElement | string)[];
  };
}

export interface XmlAttribute {
  prefix: string;
  name: string;
  namespace: string;
  value: string;
}

/**
 * Parses XML 1.0 in bounds: 256 KB, 40 elements deep, 2,500 of them, with 64 attributes each and 7,500 in all. No document type, so no
 * entities of its own; no comment, processing instruction or CDATA section, since parsers differ on the text around them.
 *
 * @param isMetadata which may have comments and instructions, since people leave them there, and twice as many elements
 * @throws SamlRefusal
 */
export function parseXml(text: string, { isMetadata = false }: { isMetadata?: boolean } = {}): XmlElement {
  if (Buffer.byteLength(text) > MOST_BYTES) refuse('TOO_LARGE');
  const parser = new SaxesParser({
    xmlns: true,
    position: false,
    defaultXMLVersion: '1.0',
    forceXMLVersion: true,
  });
  const open: XmlElement[] = [];
  let root: XmlElement | undefined;
  const mostElements = isMetadata ? MOST_IN_METADATA : MOST_ELEMENTS;
  let elements = 0;
  let attributes = 0;
  let onOne = 0;
  parser.on('error', () => refuse('MALFORMED_MESSAGE'));
  parser.on('doctype', () => refuse('FORBIDDEN_MARKUP'));
  parser.on('xmldecl', ({ version, encoding }) => {
    if (version !== '1.0' || (encoding ?? 'utf-8').toLowerCase() !== 'utf-8') refuse('MALFORMED_MESSAGE');
  });
  if (!isMetadata)
    for (const markup of ['comment', 'processinginstruction', 'cdata'] as const)
      parser.on(markup, () => refuse('FORBIDDEN_MARKUP'));
  parser.on('opentagstart', () => {
    elements += 1;
    onOne = 0;
    if (elements > mostElements || open.length >= DEEPEST) refuse('TOO_LARGE');
  });
  parser.on('attribute', () => {
    attributes += 1;
    onOne += 1;
    if (onOne > MOST_ON_ONE || attributes > ATTRIBUTES_EACH * mostElements) refuse('TOO_LARGE');
  });
  parser.on('opentag', tag => {
    const written = Object.values(tag.attributes)
      .filter(({ uri }) => uri !== XMLNS)
      .map(({ prefix, local, uri, value }) => ({ prefix, name: local, namespace: uri, value }));
    const element: XmlElement = {
      name: tag.local,
      namespace: tag.uri,
      attributes: new Map(
        written.filter(({ namespace }) => namespace === '').map(({ name, value }) => [name, value]),
      ),
      children: [],
      text: '',
      written: {
        prefix: tag.prefix,
        attributes: written,
        declared: new Map(Object.entries(tag.ns)),
        content: [],
      },
    };
    const parent = open.at(-1);
    parent?.children.push(element);
    parent?.written.content.push(element);
    root ??= element;
    open.push(element);
  });
  parser.on('text', text => {
    const element = open.at(-1);
    if (!element) return;
    element.text += text;
    element.written.content.push(text);
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

/** Elements, attributes and declarations of an element and all below it. */
export function sizeOf(element: XmlElement): number {
  const { attributes, declared } = element.written;
  return element.children.reduce((sum, child) => sum + sizeOf(child), 1 + attributes.length + declared.size);
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
