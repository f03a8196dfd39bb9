import { element } from './element.js';
import { inline } from './prose.js';

/** How deep a schema is unfolded; what lies deeper is named only. */
const DEEPEST = 8;

/** The type of a schema in words. */
function typeOf(schema, resolve) {
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices) return choices.map(choice => typeOf(resolve(choice), resolve)).join(' or ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const types = [schema.type ?? (schema.properties ? 'object' : 'any')].flat();
  const named = types.map(type => {
    if (type === 'array') return `list of ${typeOf(resolve(schema.items ?? {}), resolve)}`;
    return schema.format ? `${type} (${schema.format})` : type;
  });
  return named.join(' or ');
}

/** What a value must keep to, beside its type. */
function limitsOf(schema) {
  const limits = [];
  if (schema.enum) limits.push(`one of ${schema.enum.map(value => JSON.stringify(value)).join(', ')}`);
  if (schema.minLength !== undefined) limits.push(`${schema.minLength} characters or more`);
  if (schema.maxLength !== undefined) limits.push(`${schema.maxLength} characters at most`);
  if (schema.minimum > Number.MIN_SAFE_INTEGER) limits.push(`${schema.minimum} or more`);
  if (schema.exclusiveMinimum !== undefined) limits.push(`more than ${schema.exclusiveMinimum}`);
  if (schema.maximum < Number.MAX_SAFE_INTEGER) limits.push(`${schema.maximum} at most`);
  if (schema.minItems !== undefined) limits.push(`${schema.minItems} entries or more`);
  if (schema.maxItems !== undefined) limits.push(`${schema.maxItems} entries at most`);
  if (schema.default !== undefined) limits.push(`${JSON.stringify(schema.default)} if not given`);
  return limits.join('; ');
}

/** One named value: type, whether it must be there, limits, description and, for objects, its fields. */
export function fieldView(name, given, required, resolve, depth = 0) {
  const schema = resolve(given);
  const limits = limitsOf(schema);
  return element(
    'li',
    {},
    element('code', { className: 'name', textContent: name }),
    required ? element('span', { className: 'required', textContent: ' required' }) : null,
    element('span', {
      className: 'type',
      textContent: ` ${[typeOf(schema, resolve), limits].filter(Boolean).join('; ')}`,
    }),
    schema.description ? element('p', {}, inline(schema.description)) : null,
    fieldsOf(schema, resolve, depth + 1),
  );
}

/** The fields of an object, or of the objects in a list or choice; null where there are none. */
function fieldsOf(given, resolve, depth) {
  const schema = resolve(given);
  if (depth > DEEPEST) return null;
  if (schema.items) return fieldsOf(schema.items, resolve, depth);
  const choices = (schema.oneOf ?? schema.anyOf ?? []).map(choice => resolve(choice));
  const objects = [schema, ...choices, ...(schema.allOf ?? []).map(resolve)].filter(one => one.properties);
  if (objects.length === 0) return null;
  return element(
    'ul',
    { className: 'fields' },
    objects.flatMap(object =>
      Object.entries(object.properties).map(([name, property]) =>
        fieldView(name, property, object.required?.includes(name) ?? false, resolve, depth),
      ),
    ),
  );
}

/** A whole body: its fields, or its type where it has none. */
export function schemaView(schema, resolve) {
  return fieldsOf(schema, resolve, 0) ?? element('p', { textContent: typeOf(resolve(schema), resolve) });
}

/**
 * A body to begin with: every field that must be there, and nothing in it. Examples are not put in: a press on Send
 * must not do to somebody what an example says.
 */
export function emptyBody(given, resolve, depth = 0) {
  const schema = resolve(given);
  if (schema.const !== undefined) return schema.const;
  const type = [schema.type ?? (schema.properties ? 'object' : 'string')].flat()[0];
  if (type === 'object') {
    const required = depth > DEEPEST ? [] : (schema.required ?? []);
    return Object.fromEntries(
      required.map(name => [name, emptyBody(schema.properties?.[name] ?? {}, resolve, depth + 1)]),
    );
  }
  return { array: [], boolean: false, integer: null, number: null }[type] ?? (type === 'string' ? '' : null);
}
