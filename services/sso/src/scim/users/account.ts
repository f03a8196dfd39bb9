import { EmailAddress } from '@rivergate/endpoint';
import { InvalidValue } from '../protocol/errors.ts';
import { findPath } from '../protocol/path.ts';
import { UserType } from '../protocol/schemas.ts';
import { type Document, isObject, isPrimary, type Value } from '../protocol/value.ts';
import type { Settings } from '../settings/settings.ts';

/** What of a user's attributes an account has. */
export interface Account {
  /** Null where the attribute that is mapped to it holds none. */
  email: string | null;
  displayName: string | null;
}

const LONGEST_NAME = 100;

export function accountOf(attributes: Document, mapping: Settings['attribute_mapping']): Account {
  const { data: email = null } = EmailAddress.safeParse(textAt(attributes, mapping.email));
  return { email, displayName: displayNameOf(attributes, mapping.display_name) };
}

/** @throws InvalidValue */
export function requireAddress({ email }: Account, mapping: Settings['attribute_mapping']): string {
  if (email === null) throw InvalidValue(`${mapping.email} has to be a mail address`);
  return email;
}

/** A name that people can be shown, without what nobody sees; null where there is none. */
function displayNameOf(attributes: Document, path: string): string | null {
  const { name } = attributes;
  const parts = isObject(name)
    ? [name.formatted, [name.givenName, name.familyName].filter(Boolean).join(' ')]
    : [];
  const found = [textAt(attributes, path), ...parts].find(
    text => typeof text === 'string' && text.trim() !== '',
  );
  const visible = String(found ?? '')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '')
    .trim()
    .slice(0, LONGEST_NAME);
  return visible === '' ? null : visible;
}

/** Of a list, the primary value, or the first. */
function textAt(attributes: Document, text: string): Value | undefined {
  const { extension, attribute, sub } = findPath(UserType, text)!;
  const holder = (extension ? attributes[extension.id] : attributes) as Document | undefined;
  const held = holder?.[attribute.name];
  const one = Array.isArray(held) ? (held.find(isPrimary) ?? held[0]) : held;
  return isObject(one) ? (one as Document)[sub?.name ?? 'value'] : one;
}
