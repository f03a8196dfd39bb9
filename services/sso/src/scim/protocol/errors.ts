import { error } from '@rivergate/endpoint';

/** Errors of RFC 7644, section 3.12: the code is the `scimType`. */
export const InvalidFilter = error('invalidFilter', 400, 'The filter cannot be understood');
export const TooMany = error('tooMany', 400, 'The request asks for more than is done at once');
export const InvalidSyntax = error('invalidSyntax', 400, 'The request body is not what is taken here');
export const InvalidPath = error('invalidPath', 400, 'The path names no attribute');
export const NoTarget = error('noTarget', 400, 'The path leads to nothing that could be changed');
export const InvalidValue = error(
  'invalidValue',
  400,
  'A value is missing, or is not what the attribute takes',
);
export const Mutability = error('mutability', 400, 'The attribute cannot be changed');
export const Uniqueness = error('uniqueness', 409, 'Another resource has this value already');
/** RFC 9865, section 2.2. */
export const InvalidCursor = error('invalidCursor', 400, 'The cursor is none, or belongs to another query');
export const InvalidCount = error('invalidCount', 400, 'The count is no number of resources');
