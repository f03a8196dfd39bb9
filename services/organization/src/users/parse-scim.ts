import { Failure, parseJson, RequestTooLarge } from '@rivergate/endpoint';
import { ImportFileUnreadable } from './errors.ts';
import { type ImportRow, importRow, MOST_ROWS } from './import-row.ts';

/** Values that a document may hold: a full one of each user, and more. */
const MOST_VALUES = MOST_ROWS * 200;

/**
 * Reads users from a SCIM 2.0 ListResponse (RFC 7644, section 3.4.2), or from an array of User documents (RFC 7643,
 * section 4.1). The address is the primary one of `emails`, else the first, else `userName`; so is the role of `roles`.
 *
 * @throws ImportFileUnreadable, RequestTooLarge for too many users
 */
export function parseScim(text: string): ImportRow[] {
  const document = parsed(text);
  const users = Array.isArray(document) ? document : member(document, 'Resources');
  if (!Array.isArray(users))
    throw ImportFileUnreadable('The file is no SCIM ListResponse and no array of users');
  if (users.length > MOST_ROWS) throw RequestTooLarge(`The file has more than ${MOST_ROWS} users`);
  return users.map((user, index) => importRow(index + 1, cellsOf(user), member(user, 'active') !== false));
}

function parsed(text: string): unknown {
  try {
    return parseJson(Buffer.from(text), MOST_VALUES);
  } catch (cause) {
    if (cause instanceof Failure) throw ImportFileUnreadable('The file is not valid JSON');
    throw cause;
  }
}

function cellsOf(user: unknown) {
  const name = member(user, 'name');
  const parts = [text(member(name, 'givenName')), text(member(name, 'familyName'))].filter(Boolean).join(' ');
  return {
    email: primary(member(user, 'emails')) || text(member(user, 'userName')),
    display_name: text(member(user, 'displayName')) || text(member(name, 'formatted')) || parts,
    role: primary(member(user, 'roles')),
  };
}

/** The value of the primary one of a multi-valued attribute (RFC 7643, section 2.4), else of the first. */
function primary(values: unknown): string {
  if (!Array.isArray(values)) return '';
  const chosen = values.find(value => member(value, 'primary') === true) ?? values[0];
  return text(member(chosen, 'value')) || text(chosen);
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Names of attributes are not case-sensitive (RFC 7643, section 2.1). */
function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.entries(value).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
}
