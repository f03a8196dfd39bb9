import { isDeepStrictEqual } from 'node:util';
import type { Attribute, ResourceType } from './attribute.ts';
import { InvalidPath, InvalidSyntax, InvalidValue, Mutability, NoTarget, TooMany } from './errors.ts';
import { elementScope, type Filter, reader, resourceScope, type Scope } from './filter.ts';
import { describedElement, matches } from './matches.ts';
import { type AttributePath, findPath, qualified } from './path.ts';
import { tokensOf } from './tokens.ts';
import {
  type Document,
  isEmpty,
  isObject,
  isPrimary,
  MOST_VALUES,
  readValue,
  requireWhole,
  type Value,
} from './value.ts';

export const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
export const MOST_OPERATIONS = 1_000;

/** One operation of a PATCH (RFC 7644, section 3.5.2), about one attribute. */
export interface Operation {
  kind: 'add' | 'remove' | 'replace';
  path: AttributePath;
  /** Which elements of a list it is about; null for the list as a whole. */
  elements: Filter | null;
  value: unknown;
}

/**
 * The operations of a PATCH body, one for each attribute that they name. Names of members ignore case, since some clients
 * write `operations`.
 *
 * @throws InvalidSyntax, InvalidPath, InvalidFilter, InvalidValue, Mutability, NoTarget, TooMany
 */
export function readOperations(type: ResourceType, body: Readonly<Record<string, unknown>>): Operation[] {
  const schemas = member(body, 'schemas');
  if (!Array.isArray(schemas) || !schemas.some(one => String(one).toLowerCase() === PATCH_OP.toLowerCase()))
    throw InvalidSyntax(`schemas has to name ${PATCH_OP}`);
  const operations = member(body, 'operations');
  if (!Array.isArray(operations)) throw InvalidSyntax('Operations has to be a list');
  if (operations.length > MOST_OPERATIONS) throw TooMany(`A PATCH has at most ${MOST_OPERATIONS} operations`);
  const read = operations.flatMap(operation => readOperation(type, operation));
  if (read.length > MOST_OPERATIONS) throw TooMany(`A PATCH changes at most ${MOST_OPERATIONS} attributes`);
  return read;
}

const member = (object: Readonly<Record<string, unknown>>, name: string) =>
  Object.entries(object).find(([key]) => key.toLowerCase() === name)?.[1];

const KINDS = ['add', 'remove', 'replace'] as const;

function readOperation(type: ResourceType, given: unknown): Operation[] {
  if (!isObject(given)) throw InvalidSyntax('An operation is an object');
  const op = member(given, 'op');
  const kind = KINDS.find(known => known === String(op).toLowerCase());
  if (!kind) throw InvalidSyntax('op is add, remove or replace');
  const path = member(given, 'path');
  const value = member(given, 'value');
  if (isEmpty(path)) {
    if (kind === 'remove') throw NoTarget('remove needs a path');
    if (!isObject(value)) throw InvalidValue('Without a path, value is an object of attributes');
    return withoutPath(type, kind, value);
  }
  if (typeof path !== 'string') throw InvalidPath('path is text');
  if (kind !== 'remove' && value === undefined) throw InvalidValue('value is missing');
  const extension = wholeExtension(type, path);
  if (extension) return ofExtension(type, kind, extension, value);
  const found = readPath(path, resourceScope(type, InvalidPath));
  if (isReadOnly(found.path)) throw Mutability(`${path.slice(0, 200)} is read-only`);
  return [{ kind, ...found, value }];
}

const isReadOnly = ({ attribute, sub }: AttributePath) => (sub ?? attribute).mutability === 'readOnly';

/** The keys are names, dotted and with URIs as well; of what is read-only or unknown there may be more. */
function withoutPath(
  type: ResourceType,
  kind: 'add' | 'replace',
  value: Readonly<Record<string, unknown>>,
): Operation[] {
  return Object.entries(value).flatMap(([key, given]) => {
    const extension = wholeExtension(type, key);
    if (extension) return ofExtension(type, kind, extension, given);
    const path = findPath(type, key);
    return path && !isReadOnly(path) ? [{ kind, path, elements: null, value: given }] : [];
  });
}

const wholeExtension = (type: ResourceType, path: string) => {
  const found = qualified(type, path);
  return found?.name === '' ? found.extension : null;
};

function ofExtension(
  type: ResourceType,
  kind: Operation['kind'],
  { id, name, attributes }: { id: string; name: string; attributes: readonly Attribute[] },
  value: unknown,
): Operation[] {
  if (kind === 'remove' || isEmpty(value))
    return attributes.map(attribute => ({
      kind: 'remove',
      path: { extension: type.extensions.find(one => one.id === id)!, attribute, sub: null },
      elements: null,
      value: undefined,
    }));
  if (!isObject(value)) throw InvalidValue(`${name} is an object`);
  return Object.entries(value).flatMap(([key, given]) => {
    const path = findPath(type, `${id}:${key}`);
    return path && !isReadOnly(path) ? [{ kind, path, elements: null, value: given }] : [];
  });
}

/** `attribute`, `attribute.sub`, `list[filter]` or `list[filter].sub` (RFC 7644, section 3.5.2). */
function readPath(text: string, scope: Scope): Pick<Operation, 'path' | 'elements'> {
  const reading = reader(tokensOf(text));
  const path = scope(reading.name());
  if (!reading.take('[')) {
    reading.end();
    return { path, elements: null };
  }
  const elements = reading.element(path);
  const sub = reading.more() ? elementScope(path.attribute)(reading.name()).attribute : null;
  reading.end();
  return { path: { ...path, sub }, elements };
}

/**
 * What the operations make of a document, in their order.
 *
 * @throws InvalidValue, Mutability, NoTarget
 */
export function patched(type: ResourceType, document: Document, operations: readonly Operation[]): Document {
  const result: Record<string, Value> = { ...document };
  for (const operation of operations) {
    const { extension, attribute } = operation.path;
    const holder = extension ? { ...((result[extension.id] as Document | undefined) ?? {}) } : result;
    const value = changed(operation, holder[attribute.name]);
    if (isEmpty(value)) {
      if (attribute.required) throw Mutability(`${attribute.name} has to have a value`);
      delete holder[attribute.name];
    } else holder[attribute.name] = value!;
    if (!extension) continue;
    if (isEmpty(holder)) delete result[extension.id];
    else result[extension.id] = holder;
  }
  requireWhole(type, result);
  return isDeepStrictEqual(result, document) ? document : result;
}

function changed(operation: Operation, held: Value | undefined): Value | undefined {
  const { attribute } = operation.path;
  if (attribute.multiValued) return changedList(operation, (held as readonly Value[] | undefined) ?? []);
  if (operation.path.sub) return changedElement(operation, (held as Document | undefined) ?? {});
  if (operation.kind === 'remove') return undefined;
  const value = readValue(attribute, operation.value);
  // Of a complex attribute those that are named change.
  return isObject(value) && isObject(held) ? { ...held, ...value } : value;
}

function changedList(operation: Operation, held: readonly Value[]): Value | undefined {
  const { kind, path, elements } = operation;
  const { attribute, sub } = path;
  if (elements === null && sub === null) return changedWhole(operation, held);
  const chosen = (element: Value) => elements === null || matches(elements, element as Document);
  if (!held.some(chosen)) {
    if (kind === 'remove') return held;
    const described = elements === null ? {} : describedElement(elements);
    if (!described) throw NoTarget(`No value of ${attribute.name} is what the path describes`);
    const made = changedElement(operation, described);
    return isEmpty(operation.value) ? held : bounded(attribute, onePrimary(held, [made]));
  }
  if (kind === 'remove' && sub === null) return held.filter(element => !chosen(element));
  const touched = held.filter(chosen).map(element => changedElement(operation, element as Document));
  let next = 0;
  const rest = held.map(element => (chosen(element) ? touched[next++]! : element));
  const madePrimary = touched.filter(isPrimary);
  const result = madePrimary.length === 0 ? rest : rest.map(one => demoted(one, madePrimary));
  return bounded(
    attribute,
    result.filter(element => !isEmpty(element)),
  );
}

const bounded = ({ name }: Attribute, values: readonly Value[]): readonly Value[] => {
  if (values.length > MOST_VALUES) throw InvalidValue(`${name} has at most ${MOST_VALUES} values`);
  return values;
};

function changedWhole({ kind, path, value }: Operation, held: readonly Value[]): Value | undefined {
  const { attribute } = path;
  if (kind === 'replace') return readValue(attribute, value);
  const given = (readValue(attribute, value) as readonly Value[] | undefined) ?? [];
  if (kind === 'add') {
    const more = given.filter(element => !held.some(one => isDeepStrictEqual(one, element)));
    return bounded(attribute, onePrimary(held, more));
  }
  // Entra ID names by their values what is to go.
  if (value === undefined) return undefined;
  const comparable = (element: Value) => (isObject(element) ? element.value : element);
  return held.filter(element => !given.some(one => isDeepStrictEqual(comparable(one), comparable(element))));
}

/** The list with more values: a new primary one takes the place of the one before (RFC 7644, section 3.5.2). */
function onePrimary(held: readonly Value[], more: readonly Value[]): readonly Value[] {
  const primary = more.filter(isPrimary);
  return [...(primary.length > 0 ? held.map(one => demoted(one, primary)) : held), ...more];
}

const demoted = (element: Value, primary: readonly Value[]): Value =>
  isPrimary(element) && !primary.includes(element) ? { ...(element as Document), primary: false } : element;

/** One complex value, of which a sub-attribute changes, or those that the value names. */
function changedElement({ kind, path, value }: Operation, held: Document): Document {
  const { attribute, sub } = path;
  if (sub === null) {
    const given = readValue({ ...attribute, multiValued: false }, value);
    return isObject(given) ? { ...held, ...(given as Document) } : held;
  }
  const { [sub.name]: _before, ...rest } = held;
  const given = kind === 'remove' ? undefined : readValue(sub, value);
  return given === undefined ? rest : { ...rest, [sub.name]: given };
}

/** Whether an operation is about this attribute of the resource itself. */
export const isAbout = ({ path }: Operation, name: string): boolean =>
  path.extension === null && path.attribute.name === name;
