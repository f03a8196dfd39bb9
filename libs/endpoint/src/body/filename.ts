import { ValidationFailed } from '../failure.ts';

const MAX_LENGTH = 255;

/**
 * A file's name as its sender tells it (RFC 7578, section 4.2), null where none is told. One that says a place, or that
 * nobody can read, is refused: what is left of it after cleaning would be a name that nobody gave.
 *
 * @throws ValidationFailed
 */
export function requireFilename(part: string, filename: string | undefined): string | null {
  if (filename === undefined || filename === '') return null;
  const reason = flawOf(filename);
  if (reason)
    throw ValidationFailed(undefined, [{ field: `body.${part}.filename`, code: 'invalid_format', reason }]);
  return filename;
}

function flawOf(filename: string): string | undefined {
  if (filename.length > MAX_LENGTH) return `must be at most ${MAX_LENGTH} characters long`;
  if (/[/\\]/.test(filename) || filename === '.' || filename === '..') return 'must be a name, not a path';
  if (/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\ufffd]/u.test(filename) || !filename.isWellFormed())
    return 'must hold readable characters only';
  return undefined;
}
