/** The part of JSON Schema that the fleet's OpenAPI document uses in bodies. */
export interface BodySchema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  const?: unknown;
  minimum?: number;
  minLength?: number;
  minItems?: number;
  minProperties?: number;
  required?: string[];
  properties?: Record<string, BodySchema>;
  items?: BodySchema;
  anyOf?: BodySchema[];
  oneOf?: BodySchema[];
}

const STRINGS: Record<string, string> = {
  'date-time': new Date(Date.now() + 3_600_000).toISOString(),
  email: 'somebody.new@example.com',
  uri: 'https://app.example.com/callback',
  uuid: '3f2c1b8a-5d4e-4f60-9a7b-8c9d0e1f2a3b',
};

/**
 * The smallest value that the schema should take.
 *
 * @param known values of properties by their name, for what a schema cannot say
 * @param named the document's schemas
 */
export function sample(
  schema: BodySchema,
  known: Record<string, unknown>,
  named: Record<string, BodySchema>,
  name = '',
): unknown {
  if (name in known) return known[name];
  if (schema.$ref) return sample(named[schema.$ref.split('/').at(-1)!]!, known, named, name);
  const choice = schema.anyOf ?? schema.oneOf;
  if (choice) return sample(choice.find(({ type }) => type !== 'null')!, known, named, name);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  switch ([schema.type].flat()[0]) {
    case 'object': {
      const properties = Object.entries(schema.properties ?? {});
      const wanted = properties.filter(([key]) => schema.required?.includes(key));
      // Where nothing is required, a change that changes something.
      const chosen = wanted.length > 0 ? wanted : properties.slice(0, 1);
      return Object.fromEntries(chosen.map(([key, value]) => [key, sample(value, known, named, key)]));
    }
    case 'array':
      return schema.items ? [sample(schema.items, known, named, name)] : [];
    case 'integer':
    case 'number':
      return schema.minimum ?? 1;
    case 'boolean':
      return true;
    default:
      return STRINGS[schema.format ?? ''] ?? 'x'.repeat(Math.max(schema.minLength ?? 0, 12));
  }
}
