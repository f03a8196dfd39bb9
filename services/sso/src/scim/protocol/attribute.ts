/** A characteristic of attributes (RFC 7643, section 2.2 and 7). */
export interface Attribute {
  name: string;
  type: 'string' | 'boolean' | 'dateTime' | 'reference' | 'binary' | 'complex';
  multiValued: boolean;
  description: string;
  required: boolean;
  caseExact: boolean;
  mutability: 'readWrite' | 'readOnly' | 'writeOnly' | 'immutable';
  returned: 'default' | 'always' | 'never' | 'request';
  uniqueness: 'none' | 'server';
  canonicalValues?: readonly string[];
  referenceTypes?: readonly string[];
  subAttributes?: readonly Attribute[];
}

export interface Schema {
  id: string;
  name: string;
  description: string;
  attributes: readonly Attribute[];
}

/** A kind of resource (RFC 7643, section 6): its attributes are those of all its schemas, and the common ones. */
export interface ResourceType {
  name: 'User' | 'Group';
  endpoint: '/Users' | '/Groups';
  description: string;
  schema: Schema;
  extensions: readonly Schema[];
}

type Traits = Partial<Omit<Attribute, 'name' | 'type' | 'description' | 'subAttributes'>>;

const attribute =
  (type: Attribute['type']) =>
  (name: string, description: string, traits: Traits = {}): Attribute => ({
    name,
    type,
    multiValued: false,
    description,
    required: false,
    caseExact: type === 'reference' || type === 'binary',
    mutability: 'readWrite',
    returned: 'default',
    uniqueness: 'none',
    ...traits,
  });

export const text = attribute('string');
export const flag = attribute('boolean');
export const time = attribute('dateTime');
export const binary = attribute('binary');

/** @param referenceTypes names of resource types, or `external` and `uri` */
export const reference = (
  name: string,
  description: string,
  referenceTypes: readonly string[],
  traits: Traits = {},
) => attribute('reference')(name, description, { referenceTypes, ...traits });

export const complex = (
  name: string,
  description: string,
  subAttributes: readonly Attribute[],
  traits: Traits = {},
): Attribute => ({ ...attribute('complex')(name, description, traits), subAttributes });

/** A list of complex values. */
export const list = (
  name: string,
  description: string,
  subAttributes: readonly Attribute[],
  traits: Traits = {},
): Attribute => complex(name, description, subAttributes, { multiValued: true, ...traits });

/** A list of values of one kind, as of addresses of mail (RFC 7643, section 2.4). */
export const plural = (
  name: string,
  description: string,
  value: Attribute,
  types: readonly string[] = [],
): Attribute =>
  list(name, description, [
    value,
    text('display', 'What people read for it'),
    text('type', 'What it is for', types.length > 0 ? { canonicalValues: types } : {}),
    flag('primary', 'Whether it is the one that is preferred; true for one at most'),
  ]);

/** Names of attributes ignore case (RFC 7643, section 2.1). */
export function named(attributes: readonly Attribute[], name: string): Attribute | undefined {
  const folded = name.toLowerCase();
  return attributes.find(known => known.name.toLowerCase() === folded);
}
