import { Failure, MalformedRequest, ValidationFailed } from '../failure.ts';
import { decodeUtf8 } from './fields.ts';

/** How many values a document may hold unless its endpoint declares more. */
const DEFAULT_VALUE_LIMIT = 10_000;

/** Deeper documents are refused before anything walks them. */
const MAX_DEPTH = 64;

/**
 * Parses a JSON document and refuses what JSON.parse lets pass: the same key twice in one object (RFC 8259
 * section 4 leaves its meaning open, so two readers could see two requests), nesting beyond any use, and more values
 * than anybody should have to walk. Those are refused before the document is built.
 *
 * @throws MalformedRequest, ValidationFailed
 */
export function parseJson(bytes: Buffer, valueLimit = DEFAULT_VALUE_LIMIT): unknown {
  const text = decodeUtf8(bytes);
  try {
    scan(text, valueLimit);
    return JSON.parse(text);
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw MalformedRequest(`The body is not valid JSON: ${(cause as Error).message.slice(0, 120)}`);
  }
}

/**
 * Goes once through a text that may or may not be JSON: of one that is, all is counted and every key is seen; what
 * this makes of another is of no matter, as JSON.parse refuses it.
 */
function scan(text: string, valueLimit: number): void {
  /** For each open object its keys, for each open array null. */
  const open: (Set<string> | null)[] = [];
  let expectsKey = false;
  let values = 0;
  const countValue = () => {
    if (++values <= valueLimit) return;
    const reason = `must hold at most ${valueLimit} values`;
    throw ValidationFailed(undefined, [{ field: 'body', code: 'too_big', reason }]);
  };
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '{':
      case '[':
        if (open.length === MAX_DEPTH)
          throw MalformedRequest(`The body nests deeper than ${MAX_DEPTH} levels`);
        countValue();
        expectsKey = text[at] === '{';
        open.push(expectsKey ? new Set() : null);
        break;
      case '}':
      case ']':
        open.pop();
        expectsKey = false;
        break;
      case ',':
        expectsKey = open.at(-1) instanceof Set;
        break;
      case '"': {
        const end = endOfString(text, at);
        if (expectsKey) addKey(open.at(-1)!, text.slice(at, end + 1));
        else countValue();
        expectsKey = false;
        at = end;
        break;
      }
      case ':':
      case ' ':
      case '\n':
      case '\r':
      case '\t':
        break;
      default:
        countValue();
        at = endOfLiteral(text, at);
    }
  }
}

/** @throws SyntaxError for what is no JSON string */
function addKey(keys: Set<string>, literal: string): void {
  const key: string = JSON.parse(literal);
  if (keys.has(key))
    throw MalformedRequest(`The body holds the key "${key.slice(0, 60)}" twice in one object`);
  keys.add(key);
}

/** Index of the quote that closes the string which begins at `start`; the end of the text if none does. */
function endOfString(text: string, start: number): number {
  let end = start + 1;
  while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return end;
}

/** Index of the last character of the number, `true`, `false` or `null` that begins at `start`. */
function endOfLiteral(text: string, start: number): number {
  let end = start;
  while (end + 1 < text.length && !',]} \n\r\t'.includes(text[end + 1]!)) end++;
  return end;
}
