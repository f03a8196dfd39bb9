/** SQLSTATE of a unique index that refuses a row (PostgreSQL, appendix A). */
const UNIQUE_VIOLATION = '23505';

export function violatesUniqueness(cause: unknown): boolean {
  return cause instanceof Error && (cause as Error & { code?: unknown }).code === UNIQUE_VIOLATION;
}
