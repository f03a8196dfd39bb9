import { MalformedRequest } from '../failure.ts';
import { addField, decodeUtf8, type Fields, noFields, tooManyFields } from './fields.ts';
import type { FormBody } from './kinds.ts';

/**
 * Reads `application/x-www-form-urlencoded`, strictly: what is encoded wrongly or is no UTF-8 is refused instead of
 * replaced, and the parameters are counted before any is decoded.
 *
 * @throws MalformedRequest, ValidationFailed for too many parameters
 */
export function parseForm(bytes: Buffer, { maxFields, oauth }: FormBody): Fields {
  const text = decodeUtf8(bytes);
  let count = 1;
  for (let at = text.indexOf('&'); at >= 0; at = text.indexOf('&', at + 1)) count += 1;
  if (count > maxFields) throw tooManyFields(maxFields);
  const fields = noFields();
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const mark = pair.indexOf('=');
    const name = decoded(mark < 0 ? pair : pair.slice(0, mark));
    const value = mark < 0 ? '' : decoded(pair.slice(mark + 1));
    if (value !== '' || !oauth) addField(fields, name, value);
  }
  return fields;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw MalformedRequest('The body is not a properly encoded form in UTF-8');
  }
}
