import { isObject } from '../protocol/value.ts';

const REFERENCE = /^bulkId:([\w.~-]{1,100})$/;

/** The operation that a text stands for the resource of (RFC 7644, section 3.7.2). */
export const referenceIn = (text: unknown): string | undefined =>
  typeof text === 'string' ? REFERENCE.exec(text)?.[1] : undefined;

/** Which operations what is sent refers to. */
export function referencesIn(value: unknown, found = new Set<string>()): Set<string> {
  const named = referenceIn(value);
  if (named !== undefined) found.add(named);
  else if (Array.isArray(value)) for (const element of value) referencesIn(element, found);
  else if (isObject(value)) for (const member of Object.values(value)) referencesIn(member, found);
  return found;
}

/** What is sent, with ids in place of references to what has been made. */
export function resolved(value: unknown, ids: ReadonlyMap<string, string>): unknown {
  const named = referenceIn(value);
  if (named !== undefined) return ids.get(named) ?? value;
  if (Array.isArray(value)) return value.map(element => resolved(element, ids));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, resolved(held, ids)]));
}

/**
 * A group without the members that do not exist yet, and those: groups that are members of each other are made first, and
 * have these added then.
 */
export function withoutOpenMembers(
  data: Readonly<Record<string, unknown>>,
  ids: ReadonlyMap<string, string>,
): { data: Record<string, unknown>; open: unknown[] } {
  const [key, members] = Object.entries(data).find(([name]) => name.toLowerCase() === 'members') ?? [];
  if (key === undefined || !Array.isArray(members)) return { data, open: [] };
  const isOpen = (member: unknown) => [...referencesIn(member)].some(named => !ids.has(named));
  return {
    data: { ...data, [key]: members.filter(member => !isOpen(member)) },
    open: members.filter(isOpen),
  };
}
