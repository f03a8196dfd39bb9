/** What is told about an error in logs and dead letters. */
export interface ErrorDescription {
  name: string;
  message: string;
  code?: string;
}

const LONGEST = 500;

interface DatabaseError extends Error {
  severity: string;
  code: string;
  table?: string;
  constraint?: string;
}

function isDatabaseError(error: Error): error is DatabaseError {
  return 'severity' in error && 'code' in error;
}

/** Leaves out the SQL and the values that knex and Postgres put into their messages: they may be personal or secret. */
export function describeError(error: unknown): ErrorDescription {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error).slice(0, LONGEST) };
  if (isDatabaseError(error)) {
    const place = [
      error.table && `table ${error.table}`,
      error.constraint && `constraint ${error.constraint}`,
    ];
    const message = ['database error', error.code, ...place.filter(Boolean)].join(' ');
    return { name: 'DatabaseError', message, code: error.code };
  }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return { name: error.name, message: error.message.slice(0, LONGEST), ...(code && { code }) };
}

const TRANSIENT_CODES = new Set([
  ...[
    'ECONNREFUSED',
    'ECONNRESET',
    'EPIPE',
    'ETIMEDOUT',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EHOSTUNREACH',
    'ENETUNREACH',
  ],
  // serialization failure, deadlock, lock timeout, shutdown of three kinds, a standby not yet promoted
  ...['40001', '40P01', '55P03', '57P01', '57P02', '57P03', '25006'],
]);

/** Whether what the handler needs is away or busy, so that trying again later is right however often it failed. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, status } = error as { code?: unknown; status?: unknown };
  if (typeof code === 'string' && (TRANSIENT_CODES.has(code) || /^(08|53)...$/.test(code))) return true;
  return (
    status === 503 ||
    error.name === 'KnexTimeoutError' ||
    /^Connection (terminated|ended)/.test(error.message)
  );
}
