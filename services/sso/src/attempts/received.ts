/** How much of what a provider sent is kept. */
const MOST_NAMES = 60;
const MOST_VALUES = 50;
const MOST_CHARACTERS = 300;

/** Claims of tokens about themselves, by which they could be told apart or bound to something: nothing to look at. */
const LEFT_OUT = new Set(['at_hash', 'c_hash', 's_hash', 'nonce', 'jti', 'sid', 'rh', 'uti', 'aio']);
const SECRET = /token|secret|passw|assertion|credential|api_?key/i;

export type Received = Record<string, unknown>;

/** What a provider said of somebody, bounded, for administrators who look into a sign-in: nothing by which one could sign in. */
export function received(values: Readonly<Record<string, unknown>>): Received {
  const shown = Object.entries(values)
    .filter(([name]) => !LEFT_OUT.has(name))
    .slice(0, MOST_NAMES)
    .map(
      ([name, value]) =>
        [
          storable(name).slice(0, 255).toWellFormed(),
          SECRET.test(name) ? '[masked]' : bounded(value),
        ] as const,
    );
  return Object.fromEntries(shown);
}

/** As PostgreSQL takes text, in JSON too. */
const storable = (text: string) => text.replaceAll('\0', '').toWellFormed();

function bounded(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, MOST_VALUES).map(bounded);
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  // A token in a claim of another name.
  if (/^eyJ[\w-]+\./.test(text)) return '[masked]';
  return storable(text).slice(0, MOST_CHARACTERS).toWellFormed();
}
