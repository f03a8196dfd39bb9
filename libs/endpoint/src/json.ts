import { MalformedRequest } from './failure.ts';

/** Deeper documents are refused before anything walks them. */
const MAX_DEPTH = 64;

/**
 * Parses a JSON document and refuses what JSON.parse lets pass: the same key twice in one object (RFC 8259
 * section 4 leaves its meaning open, so two readers could see two requests), and nesting beyond any use.
 *
 * @throws MalformedRequest
 */
export function parseJson(bytes: Buffer): unknown {
  const text = decode(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw MalformedRequest(`The body is not valid JSON: ${(cause as Error).message.slice(0, 120)}`);
  }
  refuseDuplicateKeys(text);
  return value;
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw MalformedRequest('The body is not valid UTF-8');
  }
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;

/** Walks the tokens of a text that is known to be JSON. */
function refuseDuplicateKeys(text: string): void {
  const open: (Set<string> | null)[] = [];
  let expectsKey = false;
  for (const [token] of text.matchAll(TOKEN)) {
    switch (token) {
      case '{':
      case '[':
        if (open.length === MAX_DEPTH)
          throw MalformedRequest(`The body nests deeper than ${MAX_DEPTH} levels`);
        open.push(token === '{' ? new Set() : null);
        expectsKey = token === '{';
        break;
      case '}':
      case ']':
        open.pop();
        expectsKey = false;
        break;
      case ',':
        expectsKey = open.at(-1) instanceof Set;
        break;
      case ':':
        expectsKey = false;
        break;
      default: {
        const keys = open.at(-1);
        if (!expectsKey || !keys) break;
        const key: string = JSON.parse(token);
        if (keys.has(key))
          throw MalformedRequest(`The body holds the key "${key.slice(0, 60)}" twice in one object`);
        keys.add(key);
      }
    }
  }
}
