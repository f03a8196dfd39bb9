import { UnsupportedMediaType } from '../failure.ts';
import { type BodyKind, mediaTypes } from './kinds.ts';

/** Type and subtype in lower case, and whether a charset other than UTF-8 is named (RFC 9110, section 8.3.1). */
function parsed(contentType: string | undefined): { type: string; foreign: boolean } {
  const [type = '', ...parameters] = (contentType ?? '').toLowerCase().split(';');
  const charset = parameters
    .map(parameter => /^\s*charset="?([^"\s]*)"?\s*$/.exec(parameter)?.[1])
    .find(Boolean);
  return { type: type.trim(), foreign: charset !== undefined && charset !== 'utf-8' && charset !== 'utf8' };
}

/** The kind that a body of this type is, and the type. @throws UnsupportedMediaType that names those that are taken */
export function kindOf(
  kinds: readonly BodyKind[],
  contentType: string | undefined,
): { kind: BodyKind; type: string } {
  const { type, foreign } = parsed(contentType);
  const kind = kinds.find(({ types }) => types.includes(type));
  if (kind && !(foreign && kind.kind !== 'raw')) return { kind, type };
  const types = mediaTypes(kinds);
  throw UnsupportedMediaType(
    `Send the body as ${types.join(' or ')}`,
    [{ field: 'headers.content-type', code: 'not_allowed', reason: `must be one of ${types.join(', ')}` }],
    // RFC 9110, section 15.5.16.
    { Accept: types.join(', ') },
  );
}

/** The refusal of a file whose part has another type than is declared. */
export function unsupportedPart(part: string, types: readonly string[]) {
  return UnsupportedMediaType(`Send the part ${part} as ${types.join(' or ')}`, [
    { field: `body.${part}`, code: 'not_allowed', reason: `must be one of ${types.join(', ')}` },
  ]);
}

/** RFC 9110, section 15.5.16: says that it is the coding, and which would do. */
export function unsupportedCoding() {
  return UnsupportedMediaType('Send the body without a content coding', [], {
    'Accept-Encoding': 'identity',
  });
}
