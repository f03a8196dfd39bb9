import { hash } from 'node:crypto';

/** Statements that one connection keeps at most; each takes some kilobytes of PostgreSQL's memory. */
const MAX_NAMED = 250;
/** Texts that are remembered at most as having been seen once. */
const MAX_SEEN = 1_000;

/** One statement that PostgreSQL plans. */
const PLANNED = /^\s*(?:select|insert|update|delete|with)\b[^;]*$/i;
/** A result whose shape changes when a migration adds a column, which a prepared statement does not survive. */
const OPEN_SHAPE = /(?:\bselect|\bdistinct|\breturning|,|\.)\s*\*/i;

/** Whether PostgreSQL plans it: one statement, and no command. */
export function isPlanned(text: string): boolean {
  return PLANNED.test(text);
}

/** Name under which a statement is prepared; undefined for one that is sent as it is. */
export type NameOf = (text: string) => string | undefined;

/** Names statements when they come again, the first ones only: texts of varying length must not fill PostgreSQL. */
export function statementNames(): NameOf {
  const named = new Map<string, string>();
  const seen = new Set<string>();
  return text => {
    const known = named.get(text);
    if (known !== undefined || named.size >= MAX_NAMED) return known;
    if (!seen.has(text)) {
      if (seen.size >= MAX_SEEN) seen.clear();
      seen.add(text);
      return undefined;
    }
    if (!isPlanned(text) || OPEN_SHAPE.test(text)) return undefined;
    const name = `rivergate_${hash('sha256', text).slice(0, 32)}`;
    named.set(text, name);
    seen.delete(text);
    return name;
  };
}
