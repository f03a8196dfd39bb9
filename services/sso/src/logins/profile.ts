import { displayText, EmailAddress } from '@rivergate/endpoint';
import type { AttributeMapping } from '../providers/provider.ts';

/** What a provider says of who signed in. */
export interface Profile {
  /** Null where it gives none, or none that is one. */
  email: string | null;
  displayName: string | null;
  /** Without the same one twice. */
  groups: string[];
}

/** Groups of one user that count. */
const MOST_GROUPS = 2_000;

const DisplayName = displayText(100);

/**
 * Reads claims or attributes as the mapping says.
 *
 * @param values by name: text, or several texts; everything else counts as not given
 */
export function profileOf(mapping: AttributeMapping, values: Readonly<Record<string, unknown>>): Profile {
  const textsAt = (name: string | undefined): string[] =>
    name !== undefined && Object.hasOwn(values, name)
      ? [values[name]].flat().filter(value => typeof value === 'string')
      : [];
  const textAt = (name: string | undefined) => textsAt(name)[0]?.trim();
  const parts = [textAt(mapping.given_name), textAt(mapping.family_name)].filter(Boolean).join(' ');
  const name = DisplayName.safeParse((textAt(mapping.name) || parts).slice(0, 100));
  return {
    email: EmailAddress.safeParse(textAt(mapping.email)).data ?? null,
    displayName: name.data ?? null,
    groups: [...new Set(textsAt(mapping.groups))].slice(0, MOST_GROUPS),
  };
}
