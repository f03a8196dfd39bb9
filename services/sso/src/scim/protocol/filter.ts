import type { Failure } from '@rivergate/endpoint';
import { type Attribute, named, type ResourceType } from './attribute.ts';
import { InvalidFilter } from './errors.ts';
import { type AttributePath, attributePath, comparedBy } from './path.ts';
import { type Token, tokensOf } from './tokens.ts';

export const OPERATORS = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'] as const;
export type Operator = (typeof OPERATORS)[number];

/** A filter whose attributes are found and whose values are of their types. */
export type Filter =
  | { kind: 'compare'; path: AttributePath; operator: Operator; value: string | boolean }
  | { kind: 'present'; path: AttributePath }
  | { kind: 'and' | 'or'; operands: readonly Filter[] }
  | { kind: 'not'; operand: Filter }
  /** Of one element of a list all of it is true; paths in it are those of the element. */
  | { kind: 'element'; path: AttributePath; filter: Filter };

/** How deep parentheses nest, and how many comparisons there are. */
const MOST_DEPTH = 16;
const MOST_COMPARISONS = 100;

/** What names lead to: attributes of a resource, or of an element of a list. */
export type Scope = (name: string) => AttributePath;

export const resourceScope =
  (type: ResourceType, unknown: (message: string) => Failure = InvalidFilter): Scope =>
  name =>
    attributePath(type, name, unknown);

export const elementScope =
  ({ name: listName, subAttributes = [] }: Attribute): Scope =>
  name => {
    const attribute = named(subAttributes, name);
    if (!attribute) throw InvalidFilter(`${listName} has no attribute ${name.slice(0, 200)}`);
    return { extension: null, attribute, sub: null };
  };

/** @throws InvalidFilter */
export function parseFilter(text: string, scope: Scope): Filter {
  const reading = reader(tokensOf(text));
  const filter = reading.filter(scope);
  reading.end();
  return filter;
}

/** Reads the tokens one after the other. */
export function reader(tokens: readonly Token[]) {
  let next = 0;
  let depth = 0;
  let comparisons = 0;

  const peek = () => tokens[next];
  const isWord = (token: Token | undefined, word: string) =>
    token?.kind === 'word' && token.text.toLowerCase() === word;
  const takeWord = (word: string) => isWord(peek(), word) && ++next > 0;
  const take = (kind: Token['kind']) => peek()?.kind === kind && ++next > 0;
  const expect = (kind: Token['kind']) => {
    if (!take(kind)) throw refused(`A ${kind} is missing`);
  };
  const refused = (what: string) => {
    const token = peek();
    return InvalidFilter(`${what} ${token ? `at character ${token.at + 1}` : 'at the end'} of the filter`);
  };
  const within = <Result>(read: () => Result): Result => {
    depth += 1;
    if (depth > MOST_DEPTH) throw InvalidFilter(`A filter nests at most ${MOST_DEPTH} levels deep`);
    const result = read();
    depth -= 1;
    return result;
  };

  /** `and` binds more tightly than `or` (RFC 7644, section 3.4.2.2). */
  const filter = (scope: Scope): Filter => joined('or', () => joined('and', () => term(scope)));
  const joined = (kind: 'and' | 'or', read: () => Filter): Filter => {
    const operands = [read()];
    while (takeWord(kind)) operands.push(read());
    return operands.length === 1 ? operands[0]! : { kind, operands };
  };
  const term = (scope: Scope): Filter => {
    if (takeWord('not')) {
      expect('(');
      const operand = within(() => filter(scope));
      expect(')');
      return { kind: 'not', operand };
    }
    if (take('(')) {
      const grouped = within(() => filter(scope));
      expect(')');
      return grouped;
    }
    return comparison(scope);
  };
  const comparison = (scope: Scope): Filter => {
    const path = scope(name());
    if (!take('[')) return compared(path);
    const chosen = element(path);
    const sub = peek();
    if (sub?.kind !== 'word' || isWord(sub, 'and') || isWord(sub, 'or'))
      return { kind: 'element', path, filter: chosen };
    // `emails[type eq "work"].value eq "x"`: one element that is both.
    const more = compared(elementScope(path.attribute)(name()));
    return { kind: 'element', path, filter: { kind: 'and', operands: [chosen, more] } };
  };
  /** Behind the `[`. */
  const element = (path: AttributePath): Filter => {
    if (path.sub || !path.attribute.multiValued || path.attribute.type !== 'complex')
      throw refused(`${path.attribute.name} is no list that could be searched`);
    const chosen = within(() => filter(elementScope(path.attribute)));
    expect(']');
    return chosen;
  };
  const name = (): string => {
    const token = peek();
    if (token?.kind !== 'word') throw refused('The name of an attribute is missing');
    next += 1;
    return token.text;
  };
  const compared = (path: AttributePath): Filter => {
    comparisons += 1;
    if (comparisons > MOST_COMPARISONS)
      throw InvalidFilter(`A filter compares at most ${MOST_COMPARISONS} times`);
    if (takeWord('pr')) return { kind: 'present', path };
    const operator = OPERATORS.find(takeWord);
    const token = operator && peek();
    if (!operator) throw refused('An operator is missing');
    if (token?.kind !== 'value') throw refused('A value is missing');
    next += 1;
    return comparing(path, operator, token.value);
  };

  return {
    filter,
    element,
    name,
    take,
    /** @throws InvalidFilter where something is left */
    end() {
      if (peek()) throw refused('Something is not understood');
    },
    more: () => peek() !== undefined,
  };
}

/** @throws InvalidFilter for a value, or an operator, that the attribute does not have */
function comparing(path: AttributePath, operator: Operator, value: string | number | boolean | null): Filter {
  const attribute = comparedBy(path);
  if (!attribute) throw InvalidFilter(`${path.attribute.name} is compared by one of its sub-attributes`);
  if (attribute.returned === 'never') throw InvalidFilter(`${attribute.name} is not searched`);
  if (value === null) {
    if (operator !== 'eq' && operator !== 'ne') throw InvalidFilter(`null is compared by eq and ne alone`);
    const present: Filter = { kind: 'present', path };
    return operator === 'ne' ? present : { kind: 'not', operand: present };
  }
  if (attribute.type === 'boolean') {
    const truth = truthOf(value);
    if (truth === undefined || (operator !== 'eq' && operator !== 'ne'))
      throw InvalidFilter(`${attribute.name} is true or false, and compared by eq and ne alone`);
    return { kind: 'compare', path, operator, value: truth };
  }
  if (typeof value !== 'string') throw InvalidFilter(`${attribute.name} is compared with text`);
  if (attribute.type === 'dateTime' && Number.isNaN(Date.parse(value)))
    throw InvalidFilter(`${attribute.name} is compared with a time such as 2026-01-01T00:00:00Z`);
  // PostgreSQL's text cannot hold it, so nothing is equal to it.
  if (value.includes('\0')) throw InvalidFilter('A value of a filter has no character NUL');
  return { kind: 'compare', path, operator, value };
}

/** Clients write booleans as text, in any case. */
export function truthOf(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const text = typeof value === 'string' ? value.toLowerCase() : undefined;
  return text === 'true' ? true : text === 'false' ? false : undefined;
}
