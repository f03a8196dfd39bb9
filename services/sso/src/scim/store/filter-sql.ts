import type { Attribute } from '../protocol/attribute.ts';
import { InvalidFilter } from '../protocol/errors.ts';
import type { Filter, Operator } from '../protocol/filter.ts';
import { type AttributePath, comparedBy } from '../protocol/path.ts';
import type { Expressions, List } from './expressions.ts';

/** A condition with its values. */
export interface Condition {
  sql: string;
  values: Record<string, string | boolean>;
}

/**
 * A filter as a condition of a statement. What clients send are values alone, never text of the statement.
 *
 * @param element of the list whose elements are described; without it, resources are
 * @throws InvalidFilter
 */
export function conditionOf(
  filter: Filter,
  expressions: Expressions,
  base: string,
  element?: List['element'],
): Condition {
  const values: Record<string, string | boolean> = { base };
  const bind = (value: string) => {
    const name = `v${Object.keys(values).length}`;
    values[name] = value;
    return `:${name}`;
  };

  const scalarOrList = (path: AttributePath, test: (expression: string) => string): string => {
    if (!path.attribute.multiValued) return test(expressions.scalar(path));
    const list = expressions.list(path);
    const sub = comparedBy(path);
    return exists(list, test(list.element(path.attribute.type === 'complex' ? sub!.name : null)));
  };
  const write = (part: Filter, inElement?: List['element']): string => {
    switch (part.kind) {
      case 'and':
      case 'or':
        return `(${part.operands.map(operand => write(operand, inElement)).join(` ${part.kind} `)})`;
      case 'not':
        return `not coalesce(${write(part.operand, inElement)}, false)`;
      case 'element': {
        const list = expressions.list(part.path);
        return exists(list, write(part.filter, list.element));
      }
      case 'present': {
        if (inElement) return `${inElement(part.path.attribute.name)} is not null`;
        return present(part.path, expressions);
      }
      case 'compare': {
        const test = (expression: string) => compared(part, expression, bind);
        if (inElement) return test(inElement(part.path.attribute.name));
        const { path, operator, value } = part;
        const column = expressions.folded(path);
        if (column && operator === 'eq') return `${column} = lower(cast(${bind(String(value))} as text))`;
        // By their columns, so that an index finds them.
        if (path.attribute.name === 'id' && operator === 'eq')
          return byId(expressions.id, String(value), bind);
        if (operator !== 'ne') return scalarOrList(path, test);
        const same = { ...part, operator: 'eq' } as const;
        return `not coalesce(${scalarOrList(path, expression => compared(same, expression, bind))}, false)`;
      }
    }
  };
  return { sql: write(filter, element), values };
}

const exists = ({ from, where }: List, condition: string) =>
  `exists (select from ${from} where ${where} and ${condition})`;

function byId(column: string, value: string, bind: (value: string) => string): string {
  if (!/^[1-9]\d{0,14}$/.test(value)) return 'false';
  return `${column} = cast(${bind(value)} as bigint)`;
}

function present(path: AttributePath, expressions: Expressions): string {
  const { attribute, sub } = path;
  if (attribute.multiValued) {
    const list = expressions.list(path);
    return exists(list, sub ? `${list.element(sub.name)} is not null` : 'true');
  }
  if (attribute.type !== 'complex' || sub) return `${expressions.scalar(path)} is not null`;
  const parts = (attribute.subAttributes ?? []).map(one => expressions.scalar({ ...path, sub: one }));
  return `(${parts.map(part => `${part} is not null`).join(' or ')})`;
}

const COMPARISONS: Partial<Record<Operator, string>> = { gt: '>', ge: '>=', lt: '<', le: '<=' };

function compared(
  { path, operator, value }: Extract<Filter, { kind: 'compare' }>,
  expression: string,
  bind: (value: string) => string,
): string {
  const attribute = comparedBy(path)!;
  if (typeof value === 'boolean') {
    const truth = `coalesce(${expression}, 'false') = cast(${bind(String(value))} as text)`;
    return operator === 'ne' ? `not ${truth}` : truth;
  }
  const { held, wanted } = folded(attribute, expression, value, bind);
  switch (operator) {
    case 'eq':
      return `${held} = ${wanted(String)}`;
    case 'ne':
      return `${held} is distinct from ${wanted(String)}`;
    case 'co':
      return `${held} like ${wanted(text => `%${escaped(text)}%`)}`;
    case 'sw':
      return `${held} like ${wanted(text => `${escaped(text)}%`)}`;
    case 'ew':
      return `${held} like ${wanted(text => `%${escaped(text)}`)}`;
    default:
      return `${held} collate "C" ${COMPARISONS[operator]} ${wanted(String)}`;
  }
}

const escaped = (text: string) => text.replace(/[\\%_]/g, '\\$&');

function folded(attribute: Attribute, expression: string, value: string, bind: (value: string) => string) {
  if (attribute.type === 'dateTime') {
    const time = new Date(value).toISOString();
    return {
      held: expression,
      wanted: (shape: (text: string) => string) => `cast(${bind(shape(time))} as text)`,
    };
  }
  const fold = (sql: string) => (attribute.caseExact ? sql : `lower(${sql})`);
  return {
    held: fold(expression),
    wanted: (shape: (text: string) => string) => fold(`cast(${bind(shape(value))} as text)`),
  };
}

/** What a list is sorted by: text, null where there is no value (RFC 7644, section 3.4.2.3). @throws InvalidFilter */
export function sortExpression(path: AttributePath, expressions: Expressions, base: string): Condition {
  const attribute = comparedBy(path);
  if (!attribute || attribute.returned === 'never')
    throw InvalidFilter(`${path.attribute.name} is nothing to sort by`);
  const fold = (sql: string) => (attribute.caseExact || attribute.type !== 'string' ? sql : `lower(${sql})`);
  if (!path.attribute.multiValued) return { sql: fold(expressions.scalar(path)), values: { base } };
  const { from, where, element } = expressions.list(path);
  const value = element(path.attribute.type === 'complex' ? attribute.name : null);
  return { sql: `(select min(${fold(value)}) from ${from} where ${where})`, values: { base } };
}
