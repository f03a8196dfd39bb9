import type { Failure } from '@rivergate/endpoint';
import { type Attribute, named, type ResourceType, type Schema } from './attribute.ts';
import { COMMON } from './schemas.ts';

/** Which attribute a name leads to: `extension` holds it, or the resource itself does. */
export interface AttributePath {
  extension: Schema | null;
  attribute: Attribute;
  sub: Attribute | null;
}

/** A name may be qualified by the URI of its schema (RFC 7644, section 3.10). */
export interface QualifiedName {
  /** Null for the resource itself. */
  extension: Schema | null;
  /** What follows the URI; empty for the schema as a whole. */
  name: string;
}

export function qualified({ schema, extensions }: ResourceType, text: string): QualifiedName | undefined {
  if (!/^urn:/i.test(text)) return { extension: null, name: text };
  const folded = text.toLowerCase();
  for (const known of [schema, ...extensions]) {
    const id = known.id.toLowerCase();
    const extension = known === schema ? null : known;
    if (folded === id) return { extension, name: '' };
    if (folded.startsWith(`${id}:`)) return { extension, name: text.slice(id.length + 1) };
  }
  return undefined;
}

const attributesOf = ({ schema }: ResourceType, extension: Schema | null): readonly Attribute[] =>
  extension ? extension.attributes : [...COMMON, ...schema.attributes];

/** The attribute of a name such as `userName`, `name.familyName` or `urn:…:User:manager.value`. */
export function findPath(type: ResourceType, text: string): AttributePath | undefined {
  const found = qualified(type, text);
  const [first = '', second, ...more] = found?.name.split('.') ?? [];
  const attribute = found && named(attributesOf(type, found.extension), first);
  const sub = second === undefined ? null : attribute && named(attribute.subAttributes ?? [], second);
  if (!attribute || sub === undefined || more.length > 0) return undefined;
  return { extension: found.extension, attribute, sub };
}

/** @param unknown what is thrown where there is none */
export function attributePath(
  type: ResourceType,
  text: string,
  unknown: (message: string) => Failure,
): AttributePath {
  const found = findPath(type, text);
  if (!found) throw unknown(`There is no attribute ${text.slice(0, 200)}`);
  return found;
}

/** The sub-attribute by which a list of complex values is compared where none is named: its `value`. */
export function comparedBy({
  attribute,
  sub,
}: Pick<AttributePath, 'attribute' | 'sub'>): Attribute | undefined {
  if (sub || attribute.type !== 'complex') return sub ?? attribute;
  return named(attribute.subAttributes ?? [], 'value');
}
