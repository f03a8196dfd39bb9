import { type ErrorDeclaration, error, type Failure } from './failure.ts';

/** The body of a refusal (RFC 6749, section 5.2; RFC 6750, section 3.1). */
export interface OauthRefusal {
  error: string;
  error_description: string;
}

/** On every answer to do with codes and tokens (RFC 6749, section 5.1; RFC 9700, section 4.2.4). */
export const OAUTH_HEADERS = {
  'Cache-Control': 'no-store',
  Pragma: 'no-cache',
  'Referrer-Policy': 'no-referrer',
};

type Named = { code: string; status: number };

/** Codes of the RFCs are lower case, and stand as they are; those of the platform become the one that says the most alike. */
export function oauthError({ code, status }: Named): Named {
  if (/^[a-z]/.test(code)) return { code, status };
  // A form that is wrong is 400 there (RFC 6749, section 5.2).
  return { code: codeFor(status), status: status === 422 ? 400 : status };
}

function codeFor(status: number): string {
  if (status === 401) return 'invalid_token';
  if (status === 403) return 'insufficient_scope';
  if (status === 429 || status === 503) return 'temporarily_unavailable';
  return status >= 500 ? 'server_error' : 'invalid_request';
}

export function oauthRefusal(failure: Failure): OauthRefusal {
  const { code } = oauthError(failure);
  const [detail] = failure.details;
  const more = detail ? `: ${detail.field.replace(/^(?:query|body)\./, '')} ${detail.reason}` : '';
  return { error: code, error_description: described(failure.message + more) };
}

/** What a description may hold: printable ASCII without quotation mark and backslash. */
const described = (text: string) => text.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, '?');

/** The errors under the names that a caller sees. */
export function oauthErrors(errors: readonly ErrorDeclaration[]): ErrorDeclaration[] {
  const byName = new Map<string, ErrorDeclaration>();
  for (const declaration of errors) {
    const { code, status } = oauthError(declaration);
    const same = code === declaration.code && status === declaration.status;
    const name = `${status} ${code}`;
    if (same || !byName.has(name))
      byName.set(name, same ? declaration : error(code, status, declaration.summary));
  }
  return [...byName.values()];
}
