import type { Attribute, ResourceType } from './attribute.ts';
import { findPath, qualified } from './path.ts';
import { COMMON } from './schemas.ts';
import { type Document, isEmpty, isObject, type Value } from './value.ts';

/** Which attributes of resources are answered (RFC 7644, section 3.9). */
export interface Projection {
  /** Whether an attribute of the resource itself is. */
  shows(name: string): boolean;
  of(document: Document): Document;
}

/** Names in one parameter. */
const MOST_NAMES = 200;

type Named = { whole: Set<string>; parts: Map<string, Set<string>> };

/** @param parameters lists of names with commas between them; `excludedAttributes` counts where there are no others */
export function projection(
  type: ResourceType,
  {
    attributes,
    excludedAttributes,
  }: { attributes?: string | undefined; excludedAttributes?: string | undefined },
): Projection {
  const wanted = namesOf(type, attributes);
  const unwanted = wanted ? undefined : namesOf(type, excludedAttributes);
  const attributesOf = (extension: string | null) =>
    extension === null
      ? [...COMMON, ...type.schema.attributes]
      : type.extensions.find(({ id }) => id === extension)!.attributes;

  const kept = (attribute: Attribute, key: string, value: Value): Value | undefined => {
    if (attribute.returned === 'never') return undefined;
    if (attribute.returned === 'always') return value;
    const parts = (wanted ?? unwanted)?.parts.get(key);
    if (wanted) {
      if (wanted.whole.has(key)) return value;
      return parts && part(value, name => parts.has(name));
    }
    if (unwanted?.whole.has(key)) return undefined;
    return parts ? part(value, name => !parts.has(name)) : value;
  };
  const select = (document: Document, extension: string | null): Document => {
    const prefix = extension === null ? '' : `${extension}:`;
    const known = attributesOf(extension);
    const entries = Object.entries(document).flatMap(([name, value]): [string, Value][] => {
      const attribute = known.find(one => one.name === name);
      const left = attribute && kept(attribute, `${prefix}${name}`, value);
      return left === undefined || isEmpty(left) ? [] : [[name, left]];
    });
    return Object.fromEntries(entries);
  };

  return {
    shows(name) {
      const attribute = attributesOf(null).find(one => one.name === name);
      if (attribute?.returned === 'always') return true;
      return wanted ? wanted.whole.has(name) || wanted.parts.has(name) : !unwanted?.whole.has(name);
    },
    of(document) {
      const result: Record<string, Value> = { ...select(document, null) };
      for (const { id } of type.extensions) {
        const held = document[id];
        if (!isObject(held)) continue;
        const left = wanted?.whole.has(id) ? held : unwanted?.whole.has(id) ? {} : select(held, id);
        if (!isEmpty(left)) result[id] = left as Value;
      }
      return result;
    },
  };
}

const part = (value: Value, keeps: (name: string) => boolean): Value => {
  if (Array.isArray(value)) return value.map(element => part(element, keeps)).filter(one => !isEmpty(one));
  return isObject(value)
    ? (Object.fromEntries(Object.entries(value).filter(([name]) => keeps(name))) as Value)
    : value;
};

/** Undefined where nothing is named; names of nothing are passed over. */
function namesOf(type: ResourceType, parameter: string | undefined): Named | undefined {
  const names = (parameter ?? '')
    .split(',')
    .map(name => name.trim())
    .filter(Boolean);
  if (names.length === 0) return undefined;
  const found: Named = { whole: new Set(), parts: new Map() };
  for (const name of names.slice(0, MOST_NAMES)) {
    const extension = qualified(type, name);
    if (extension?.extension && extension.name === '') {
      found.whole.add(extension.extension.id);
      continue;
    }
    const path = findPath(type, name);
    if (!path) continue;
    const key = `${path.extension ? `${path.extension.id}:` : ''}${path.attribute.name}`;
    if (path.sub === null) found.whole.add(key);
    else found.parts.set(key, (found.parts.get(key) ?? new Set()).add(path.sub.name));
  }
  return found;
}
