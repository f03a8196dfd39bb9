import { MalformedRequest, ValidationFailed } from '../failure.ts';

/** Fields as text; one that came several times is a list. */
export type Fields = Record<string, string | string[]>;

export function noFields(): Fields {
  return Object.create(null);
}

export function addField(fields: Fields, name: string, value: string): void {
  const known = fields[name];
  fields[name] = known === undefined ? value : [known, value].flat();
}

/** @throws MalformedRequest for what is no UTF-8 */
export function decodeUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw MalformedRequest('The body is not valid UTF-8');
  }
}

export function tooManyFields(most: number) {
  const reason = `must hold at most ${most} fields`;
  return ValidationFailed(undefined, [{ field: 'body', code: 'too_big', reason }]);
}
