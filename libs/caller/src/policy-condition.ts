import { admits } from './access-policy.ts';
import {
  ATTRIBUTES,
  type AttributeKind,
  type Attributes,
  type AttributeValue,
  type Comparison,
  type Condition,
  type TimeWindow,
} from './policy-language.ts';

export type Test = (attributes: Attributes) => boolean;

/**
 * Total: it answers for every request, in a time that the size of the condition bounds, and never throws. Comparing what
 * is not known is false.
 */
export function testOf(condition: Condition): Test {
  if ('all' in condition) {
    const parts = condition.all.map(testOf);
    return attributes => parts.every(part => part(attributes));
  }
  if ('any' in condition) {
    const parts = condition.any.map(testOf);
    return attributes => parts.some(part => part(attributes));
  }
  if ('not' in condition) {
    const part = testOf(condition.not);
    return attributes => !part(attributes);
  }
  const { attribute } = condition;
  const compare = comparing(ATTRIBUTES[attribute], condition.value as never);
  return attributes => {
    const actual = attributes(attribute);
    return actual !== undefined && compare(actual as never);
  };
}

/** A condition with what came of each of its parts. */
export type Explanation =
  | { all: Explanation[]; outcome: boolean }
  | { any: Explanation[]; outcome: boolean }
  | { not: Explanation; outcome: boolean }
  | (Comparison & { actual: AttributeValue | null; outcome: boolean });

/** The same answer as that of testOf, with its reasons; no part is left out. */
export function explain(condition: Condition, attributes: Attributes): Explanation {
  if ('all' in condition) {
    const all = condition.all.map(part => explain(part, attributes));
    return { all, outcome: all.every(({ outcome }) => outcome) };
  }
  if ('any' in condition) {
    const any = condition.any.map(part => explain(part, attributes));
    return { any, outcome: any.some(({ outcome }) => outcome) };
  }
  if ('not' in condition) {
    const not = explain(condition.not, attributes);
    return { not, outcome: !not.outcome };
  }
  const actual = attributes(condition.attribute) ?? null;
  return { ...condition, actual, outcome: testOf(condition)(attributes) };
}

/** Of an attribute that a later version knows nothing is known here. */
function comparing(kind: AttributeKind | undefined, value: never): (actual: never) => boolean {
  switch (kind) {
    case 'id':
    case 'text': {
      const among = new Set<string | number>(value as readonly (string | number)[]);
      return (actual: string | number) => among.has(actual);
    }
    case 'ids': {
      const wanted = new Set<number>(value as readonly number[]);
      return (actual: readonly number[]) => actual.some(id => wanted.has(id));
    }
    case 'texts': {
      const wanted = new Set<string>(value as readonly string[]);
      return (actual: readonly string[]) => actual.some(text => wanted.has(text));
    }
    case 'permissions': {
      const wanted = new Set<string>(value as readonly string[]);
      // `*` is what an administrator holds: every one.
      return (actual: readonly string[]) => actual.some(code => code === '*' || wanted.has(code));
    }
    case 'flag':
      return (actual: boolean) => actual === value;
    case 'seconds':
      return (actual: number) => actual <= value;
    case 'address': {
      const networks = value as readonly string[];
      return (actual: string) => networks.length > 0 && admits(networks, actual);
    }
    case 'instant':
      return within(value as TimeWindow);
    default:
      return () => false;
  }
}

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const MINUTE = 60_000;

/** Asks the calendar once a minute: what it says then holds until the next. */
function within({ time_zone, weekdays, from, until }: TimeWindow): (now: number) => boolean {
  const clock = clockOf(time_zone);
  if (clock === null) return () => false;
  const [begin, end] = [minutesOf(from), minutesOf(until)];
  let [minute, outcome] = [Number.NaN, false];
  return now => {
    const current = Math.floor(now / MINUTE);
    if (current === minute) return outcome;
    // No text that is shown holds a moment beyond 100,000,000 days of 1970 (ECMA-262, section 21.4.1.1).
    if (!(Math.abs(now) <= 8.64e15)) return false;
    const parts = Object.fromEntries(clock.formatToParts(now).map(({ type, value }) => [type, value]));
    const time = Number(parts.hour) * 60 + Number(parts.minute);
    const weekday = WEEKDAYS.indexOf(parts.weekday!) + 1;
    minute = current;
    outcome = weekdays.includes(weekday) && begin <= time && time < end;
    return outcome;
  };
}

/** Null for a time zone that this machine does not know. */
export function clockOf(timeZone: string): Intl.DateTimeFormat | null {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
  } catch {
    return null;
  }
}

/** @param time HH:MM */
export function minutesOf(time: string): number {
  const [hours, minutes] = time.split(':');
  return Number(hours) * 60 + Number(minutes);
}
