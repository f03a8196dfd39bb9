import { type Components, type Direction, type Json, resolved } from './json-schema.ts';

/** What a text shows that has neither an example of its own nor a name or format that suggests one. */
export const UNTOLD = 'text';

/** Examples of fields that mean the same wherever they stand. A schema's own `examples` come before these. */
const BY_NAME: Record<string, string> = {
  access_token: 'eyJhbGciOiJFUzI1NiIsImtpZCI6IjIwMjYtMDEifQ.eyJzdWIiOiI3In0.c2lnbmF0dXJl',
  display_name: 'Ada Lovelace',
  domain: 'acme.example',
  email: 'ada@example.com',
  ip_address: '203.0.113.7',
  name: 'Acme Corporation',
  password: 'Correct-Horse-1',
  plan: 'enterprise',
  primary_email: 'ada@example.com',
  profile_image_url: 'https://example.com/ada.png',
  refresh_token: 'mZ0r1t3uJ5xk7Qe9aWc2sVf4yHb6nTg8pLd0oKi1jRw',
  request_id: '0b9c5f3e-7d0a-4c51-9a3e-2f1d8c6b7a54',
  slug: 'main-workspace',
  temporary_token: 'Vt2bX8cN4mQ6wE0rT1yU3iO5pA7sD9fG2hJ4kL6zX8c',
  token: 'pQ7sD9fG2hJ4kL6zX8cVt2bX8cN4mQ6wE0rT1yU3iO5',
  user_agent: 'Mozilla/5.0 (X11; Linux x86_64)',
};

const BY_FORMAT: Record<string, string> = {
  'date-time': '2026-01-31T09:30:00Z',
  email: 'ada@example.com',
  uri: 'https://example.com/',
};

/**
 * A value that the schema takes. Of a request it shows the required fields and those that have an example of their
 * own, so that it can be sent as it stands; of an answer it shows every field.
 *
 * @param name of the field that holds the value
 */
export function exampleOf(schema: Json, io: Direction, components: Components, name = ''): unknown {
  if (Array.isArray(schema.examples)) return schema.examples[0];
  const target = resolved(schema, components);
  if (target !== schema) return exampleOf(target, io, components, name);
  if ('const' in schema) return schema.const;
  if ('default' in schema) return schema.default;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  const [choice] = (schema.anyOf ?? schema.oneOf ?? []) as Json[];
  if (choice) return exampleOf(choice, io, components, name);
  const [type] = [schema.type].flat();
  switch (type) {
    case 'object':
      return objectExample(schema, io, components);
    case 'array':
      return io === 'output' || Number(schema.minItems) > 0
        ? [exampleOf((schema.items ?? {}) as Json, io, components, name.replace(/s$/, ''))]
        : [];
    case 'string':
      return BY_NAME[name] ?? BY_FORMAT[String(schema.format)] ?? UNTOLD;
    case 'integer':
    case 'number':
      return schema.minimum ?? 1;
    case 'boolean':
      return true;
    default:
      return null;
  }
}

function objectExample(schema: Json, io: Direction, components: Components): Json {
  const required = new Set(schema.required as string[] | undefined);
  const shown = Object.entries((schema.properties ?? {}) as Components).filter(
    ([name, property]) =>
      io === 'output' || required.has(name) || 'examples' in resolved(property, components),
  );
  return Object.fromEntries(
    shown.map(([name, property]) => [name, exampleOf(property, io, components, name)]),
  );
}
