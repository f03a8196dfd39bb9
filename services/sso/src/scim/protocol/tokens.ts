import { InvalidFilter } from './errors.ts';

export type Token =
  | { kind: 'word'; text: string; at: number }
  | { kind: 'value'; value: string | number | boolean | null; at: number }
  | { kind: '(' | ')' | '[' | ']'; at: number };

/** Characters of a filter or path. */
export const MOST_CHARACTERS = 4_096;

/** The names of attributes with URIs before them and sub-attributes behind, and operators. */
const WORD = /[A-Za-z$_][\w$.:-]*/y;
const NUMBER = /-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?(?![\w.])/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const LITERALS: Readonly<Record<string, boolean | null>> = { true: true, false: false, null: null };

/**
 * The parts of a filter (RFC 7644, section 3.4.2.2). Each character is looked at once.
 *
 * @throws InvalidFilter
 */
export function tokensOf(text: string): Token[] {
  if (text.length > MOST_CHARACTERS)
    throw InvalidFilter(`A filter has at most ${MOST_CHARACTERS} characters`);
  const tokens: Token[] = [];
  let at = 0;
  const taken = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  while (at < text.length) {
    const character = text[at]!;
    if (character === ' ' || character === '\t') {
      at += 1;
      continue;
    }
    if (character === '(' || character === ')' || character === '[' || character === ']') {
      tokens.push({ kind: character, at });
      at += 1;
      continue;
    }
    // A sub-attribute behind a value path: `emails[type eq "work"].value`.
    if (character === '.' && tokens.at(-1)?.kind === ']') at += 1;
    const string = taken(STRING);
    const number = string === undefined ? taken(NUMBER) : undefined;
    const word = string === undefined && number === undefined ? taken(WORD) : undefined;
    const found = string ?? number ?? word;
    if (found === undefined) throw InvalidFilter(`The filter cannot be read at character ${at + 1}`);
    tokens.push(word === undefined ? { kind: 'value', value: JSON.parse(found), at } : wordToken(word, at));
    at += found.length;
  }
  return tokens;
}

function wordToken(text: string, at: number): Token {
  const literal = text.toLowerCase();
  return Object.hasOwn(LITERALS, literal)
    ? { kind: 'value', value: LITERALS[literal]!, at }
    : { kind: 'word', text, at };
}
