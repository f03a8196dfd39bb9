import { type FailureDetail, fieldOf, MAX_DETAILS } from './detail.ts';

/**
 * Finds what PostgreSQL does not store and nobody means to send: NUL, and half a surrogate pair. Adds to `details`
 * and stops when they are as many as an answer lists.
 */
export function collectUnstorable(value: unknown, path: string, details: FailureDetail[]): void {
  if (typeof value === 'string') {
    const reason = flawOf(value);
    if (reason) details.push({ field: path, code: 'invalid_format', reason });
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      if (details.length >= MAX_DETAILS) return;
      if (flawOf(key))
        details.push({ field: path, code: 'invalid_format', reason: 'has a key that cannot be stored' });
      collectUnstorable(member, fieldOf(path, key), details);
    }
  }
}

function flawOf(text: string): string | undefined {
  if (text.includes('\0')) return 'must not hold the NUL character';
  return text.isWellFormed() ? undefined : 'must be well-formed Unicode';
}
