import type { Attribute } from './attribute.ts';
import type { Filter, Operator } from './filter.ts';
import { isEmpty, type Value } from './value.ts';

/** Whether an element of a list is what a filter of its scope describes. */
export function matches(filter: Filter, element: Readonly<Record<string, Value>>): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.operands.every(operand => matches(operand, element));
    case 'or':
      return filter.operands.some(operand => matches(operand, element));
    case 'not':
      return !matches(filter.operand, element);
    case 'present':
      return !isEmpty(element[filter.path.attribute.name]);
    case 'compare': {
      const { attribute } = filter.path;
      return compares(filter.operator, element[attribute.name], filter.value, attribute);
    }
    // Elements of lists have no lists.
    case 'element':
      return false;
  }
}

function compares(
  operator: Operator,
  held: Value | undefined,
  wanted: string | boolean,
  attribute: Attribute,
): boolean {
  // An element that does not say that it is the primary one is not (RFC 7643, section 2.4).
  if (attribute.type === 'boolean') return ((held ?? false) === wanted) === (operator === 'eq');
  if (typeof held !== 'string' || typeof wanted !== 'string') return operator === 'ne';
  const [left, right] = attribute.caseExact ? [held, wanted] : [held.toLowerCase(), wanted.toLowerCase()];
  switch (operator) {
    case 'eq':
      return left === right;
    case 'ne':
      return left !== right;
    case 'co':
      return left.includes(right);
    case 'sw':
      return left.startsWith(right);
    case 'ew':
      return left.endsWith(right);
    case 'gt':
      return left > right;
    case 'ge':
      return left >= right;
    case 'lt':
      return left < right;
    case 'le':
      return left <= right;
  }
}

/** What an element has to hold so that a filter of `eq` alone is true of it; undefined for any other filter. */
export function describedElement(filter: Filter): Record<string, string | boolean> | undefined {
  if (filter.kind === 'compare' && filter.operator === 'eq')
    return { [filter.path.attribute.name]: filter.value };
  if (filter.kind !== 'and') return undefined;
  const parts = filter.operands.map(describedElement);
  return parts.every(part => part !== undefined) ? Object.assign({}, ...parts) : undefined;
}
