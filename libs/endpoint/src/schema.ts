import { z } from 'zod';
import { isVisible } from './visible-text.ts';

/** A 64-bit identity column in JSON: a positive integer that JavaScript holds exactly. */
export const Id = z.int().min(1).meta({ description: 'Identifier' });

/** As `toISOString` writes the years up to 9999. */
const CANONICAL = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/**
 * ISO 8601. A request may carry an offset; what handlers and callers see is in UTC, to the millisecond, and ends in Z.
 * Handlers may return a Date for it.
 */
export const Timestamp = z.iso
  .datetime({ offset: true, abort: true })
  .overwrite(text => (CANONICAL.test(text) ? text : new Date(text).toISOString()))
  // Beyond them PostgreSQL reads the text as something else, or not at all.
  .refine(text => /^(?!0000)\d{4}-/.test(text), 'must lie in the years 1 to 9999');

/** RFC 5322 address as the platform keeps it: trimmed, lower case, at most 254 characters. */
export const EmailAddress = z
  .string()
  .trim()
  // Before the lower-casing, which would turn the Kelvin sign into an ordinary k.
  .regex(/^[\x21-\x7e]*$/, 'must hold ASCII characters only')
  .toLowerCase()
  .max(254)
  .pipe(z.email())
  .meta({ description: 'Email address, lower-cased by the server', format: 'email' });

/** What regular expressions of every language can say of text without control characters. */
const PRINTABLE = '^[^\\x00-\\x1f\\x7f-\\x9f]*$';

/** A name that people read: trimmed, 1 to `max` characters, without control and invisible characters. */
export function displayText(max: number) {
  return z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u, 'must not hold control characters')
    .refine(isVisible, 'must not hold invisible characters')
    .meta({
      description:
        'Without control characters, line separators and invisible characters; outer spaces are cut off',
      pattern: PRINTABLE,
    });
}
