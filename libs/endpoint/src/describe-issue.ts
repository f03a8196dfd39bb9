import type { z } from 'zod';
import { type DetailCode, type FailureDetail, fieldOf, MAX_DETAILS } from './detail.ts';

type Issue = z.core.$ZodIssue;
type RawIssue = z.core.$ZodRawIssue;

/** Parse with this, so that the issues say what `describeIssue` reads. */
export const ISSUE_CONTEXT = { error: reasonOf, reportInput: true } as const;

/** The details of one issue, of a part of the request such as `body`. */
export function describeIssue(part: string, issue: Issue): FailureDetail[] {
  const field = issue.path.reduce<string>(fieldOf, part);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys
      .slice(0, MAX_DETAILS)
      .map(key => ({ field: fieldOf(field, key), code: 'unknown_field', reason: 'is not a known field' }));
  }
  return [{ field, code: codeOf(issue), reason: issue.message }];
}

/** A refinement names its code as a parameter: `{ message, params: { code } }`. */
export interface RefinementParameters {
  code?: DetailCode;
}

const CODES: Record<Exclude<Issue['code'], 'custom' | 'invalid_union'>, DetailCode> = {
  invalid_type: 'invalid_type',
  too_small: 'too_small',
  too_big: 'too_big',
  invalid_format: 'invalid_format',
  not_multiple_of: 'not_allowed',
  unrecognized_keys: 'unknown_field',
  invalid_key: 'not_allowed',
  invalid_element: 'not_allowed',
  invalid_value: 'not_allowed',
};

function codeOf(issue: Issue): DetailCode {
  if (issue.code === 'custom')
    return (issue.params as RefinementParameters | undefined)?.code ?? 'not_allowed';
  if (issue.input === undefined) return 'required';
  if (issue.code !== 'invalid_union') return CODES[issue.code];
  const closest = closestOption(issue.errors);
  return closest ? codeOf(closest) : 'invalid_type';
}

/** Of a value that may be one of several things: what is wrong with it as the one whose type it has. */
function closestOption(options: readonly (readonly Issue[])[]): Issue | undefined {
  const first = options.map(([issue]) => issue);
  return first.find(issue => issue && !(issue.code === 'invalid_type' && issue.path.length === 0));
}

const TYPES: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
  null: 'null',
};

const FORMATS: Record<string, string> = {
  email: 'must be an email address',
  datetime: 'must be a moment such as 2026-01-31T12:00:00Z',
  date: 'must be a date such as 2026-01-31',
  url: 'must be a URL',
  uuid: 'must be a UUID',
};

/** What is wrong, after the name of the field. What a schema itself says of it goes first. */
function reasonOf(issue: RawIssue): string {
  if (issue.code !== 'custom' && issue.input === undefined) return 'is required';
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${typeOf(issue)}`;
    case 'invalid_value':
      return issue.values.length === 1
        ? `must be ${String(issue.values[0])}`
        : `must be one of ${issue.values.map(String).join(', ')}`;
    case 'invalid_format':
      return FORMATS[issue.format] ?? 'does not have the right form';
    case 'too_small':
      return lowerBound(issue);
    case 'too_big':
      return upperBound(issue);
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'invalid_union':
      return unionReason(issue.errors);
    default:
      return 'is not allowed';
  }
}

/** A whole number is a number to zod first; people are told at once. */
function typeOf({ expected, inst }: RawIssue & { code?: 'invalid_type' }): string {
  const format = (inst?._zod.def as { format?: string } | undefined)?.format;
  return TYPES[expected === 'number' && format?.endsWith('int') ? 'int' : expected] ?? expected;
}

function lowerBound({ minimum, origin, inclusive }: RawIssue & { code: 'too_small' }): string {
  if (origin === 'string' && minimum === 1) return 'must not be empty';
  if (origin === 'string') return `must be at least ${minimum} characters long`;
  if (origin === 'array') return `must hold at least ${minimum}`;
  return inclusive === false ? `must be greater than ${minimum}` : `must be at least ${minimum}`;
}

function upperBound({ maximum, origin, inclusive }: RawIssue & { code: 'too_big' }): string {
  if (origin === 'string') return `must be at most ${maximum} characters long`;
  if (origin === 'array') return `must hold at most ${maximum}`;
  return inclusive === false ? `must be less than ${maximum}` : `must be at most ${maximum}`;
}

function unionReason(options: readonly (readonly Issue[])[]): string {
  const closest = closestOption(options);
  if (closest) return closest.message;
  const expected = options.flatMap(([issue]) =>
    issue?.code === 'invalid_type' ? [TYPES[issue.expected] ?? issue.expected] : [],
  );
  return `must be ${[...new Set(expected)].join(' or ')}`;
}
