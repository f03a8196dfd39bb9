import { type Attribute, named, type ResourceType, type Schema } from './attribute.ts';
import { InvalidSyntax, InvalidValue } from './errors.ts';
import { truthOf } from './filter.ts';
import { qualified } from './path.ts';
import { COMMON } from './schemas.ts';

export type Value = string | boolean | readonly Value[] | { readonly [name: string]: Value };
/** Attributes in the spelling of their schema, those of an extension below its URI; none that is without a value. */
export type Document = { readonly [name: string]: Value };

const MOST_CHARACTERS = 4_096;
const MOST_CHARACTERS_OF_BINARY = 32_768;
/** Values of a list; the members of groups are kept elsewhere. */
export const MOST_VALUES = 500;

/** What is no value: null, an empty list, and the empty text that clients send for it (RFC 7643, section 2.5). */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * A resource as a client sends it. What only the platform says is dropped (RFC 7644, section 3.5.1), and so is what no
 * schema names.
 *
 * @throws InvalidSyntax, InvalidValue
 */
export function readDocument(type: ResourceType, sent: Readonly<Record<string, unknown>>): Document {
  const { schemas } = schemasOf(sent);
  if (schemas.length === 0) throw InvalidSyntax('The document names no schemas');
  const document: Record<string, Value> = {};
  for (const [key, given] of Object.entries(sent)) {
    const found = qualified(type, key);
    const extension = found?.extension;
    if (extension && found.name === '') {
      if (isEmpty(given)) continue;
      if (!isObject(given)) throw InvalidValue(`${extension.name} is an object`);
      const read = readAttributes(extension.attributes, given);
      if (!isEmpty(read)) document[extension.id] = read;
      continue;
    }
    const attribute = found && !extension && named([...COMMON, ...type.schema.attributes], found.name);
    if (attribute) readInto(document, attribute, given);
  }
  requireWhole(type, document);
  return document;
}

/** @throws InvalidSyntax */
function schemasOf(sent: Readonly<Record<string, unknown>>): { schemas: readonly string[] } {
  const [, schemas] = Object.entries(sent).find(([key]) => key.toLowerCase() === 'schemas') ?? [];
  if (!Array.isArray(schemas) || !schemas.every(one => typeof one === 'string'))
    throw InvalidSyntax('schemas has to be a list of URIs');
  return { schemas };
}

/** @throws InvalidValue where an attribute has no value that has to have one */
export function requireWhole(type: ResourceType, document: Document): void {
  const missing = type.schema.attributes.find(({ name, required }) => required && isEmpty(document[name]));
  if (missing) throw InvalidValue(`${missing.name} has to have a value`);
}

export function readAttributes(
  attributes: readonly Attribute[],
  sent: Readonly<Record<string, unknown>>,
): Record<string, Value> {
  const read: Record<string, Value> = {};
  for (const [key, given] of Object.entries(sent)) {
    const attribute = named(attributes, key);
    if (attribute) readInto(read, attribute, given);
  }
  return read;
}

function readInto(document: Record<string, Value>, attribute: Attribute, given: unknown): void {
  if (attribute.mutability === 'readOnly') return;
  const value = readValue(attribute, given);
  if (value !== undefined) document[attribute.name] = value;
}

/**
 * The value of an attribute; undefined where there is none.
 *
 * @throws InvalidValue
 */
export function readValue(attribute: Attribute, given: unknown): Value | undefined {
  if (isEmpty(given)) return undefined;
  if (!attribute.multiValued) return readOne(attribute, given);
  // One that stands for a list of one.
  const elements = Array.isArray(given) ? given : [given];
  if (elements.length > MOST_VALUES)
    throw InvalidValue(`${attribute.name} has at most ${MOST_VALUES} values`);
  const read = elements
    .map(element => (isEmpty(element) ? undefined : readOne(attribute, element)))
    .filter(element => element !== undefined);
  requireOnePrimary(attribute, read);
  return read.length > 0 ? read : undefined;
}

function readOne(attribute: Attribute, given: unknown): Value | undefined {
  const refused = (what: string) => InvalidValue(`${attribute.name} is ${what}`);
  switch (attribute.type) {
    case 'complex': {
      const subAttributes = attribute.subAttributes ?? [];
      // Entra ID sends the value alone.
      const sent = isObject(given) ? given : named(subAttributes, 'value') && { value: given };
      if (!sent) throw refused('an object');
      const read = readAttributes(subAttributes, sent);
      return isEmpty(read) ? undefined : read;
    }
    case 'boolean': {
      const truth = truthOf(given);
      if (truth === undefined) throw refused('true or false');
      return truth;
    }
    case 'dateTime':
      if (typeof given !== 'string' || Number.isNaN(Date.parse(given)))
        throw refused('a time such as 2026-01-01T00:00:00Z');
      return given;
    case 'binary':
      if (typeof given !== 'string' || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(given)) throw refused('base64');
      if (given.length > MOST_CHARACTERS_OF_BINARY)
        throw refused(`at most ${MOST_CHARACTERS_OF_BINARY} characters long`);
      return given;
    default:
      if (typeof given !== 'string') throw refused('text');
      if (given.length > MOST_CHARACTERS) throw refused(`at most ${MOST_CHARACTERS} characters long`);
      return given;
  }
}

/** @throws InvalidValue (RFC 7643, section 2.4) */
function requireOnePrimary({ name }: Attribute, elements: readonly Value[]): void {
  if (elements.filter(isPrimary).length > 1) throw InvalidValue(`${name} has one primary value at most`);
}

export const isPrimary = (element: Value): boolean => isObject(element) && element.primary === true;

/** URIs of the schemas of which a document has something. */
export function schemaIdsOf({ schema, extensions }: ResourceType, document: Document): string[] {
  const used = (extension: Schema) => !isEmpty(document[extension.id]);
  return [schema.id, ...extensions.filter(used).map(({ id }) => id)];
}
