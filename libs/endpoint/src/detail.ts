/** What can be wrong with a field, for programs; `reason` says the same to people. */
export const DETAIL_CODES = [
  'required',
  'unknown_field',
  'invalid_type',
  'invalid_format',
  'too_small',
  'too_big',
  'not_allowed',
  'not_found',
  'duplicate',
  'missing_character',
  'missing_permission',
  'limit_exceeded',
] as const;

export type DetailCode = (typeof DETAIL_CODES)[number];

/** One field that is wrong, or one fact behind a refusal. */
export interface FailureDetail {
  /** Where it stands, from the part of the request on: `body.invitations.0.email`. */
  field: string;
  code: DetailCode;
  reason: string;
}

/** The detail of a refusal for want of a right. */
export function missingPermission(permission: string): FailureDetail {
  return { field: 'permission', code: 'missing_permission', reason: permission };
}

/** The detail of a refusal by a policy of an organization, by id and name. */
export function policyDetail({ id, name }: { id: number; name: string }): FailureDetail {
  return { field: `policy.${id}`, code: 'not_allowed', reason: name };
}

/** An answer lists no more of them, whatever came in. */
export const MAX_DETAILS = 20;

/** Characters of a `field`. */
export const MAX_FIELD_LENGTH = 200;

/** The details as an answer lists them. */
export function boundedDetails(details: readonly FailureDetail[]): FailureDetail[] {
  return details
    .slice(0, MAX_DETAILS)
    .map(detail => ({ ...detail, field: detail.field.slice(0, MAX_FIELD_LENGTH).toWellFormed() }));
}

/** The path of a member. One that is too long already grows no further. */
export function fieldOf(path: string, key: PropertyKey): string {
  return path.length < MAX_FIELD_LENGTH ? `${path}.${String(key).slice(0, MAX_FIELD_LENGTH)}` : path;
}
