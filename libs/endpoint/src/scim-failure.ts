import { type ErrorDeclaration, error, type Failure } from './failure.ts';

/** Of all that SCIM answers (RFC 7644, section 8.1). */
export const SCIM_TYPE = 'application/scim+json';

export const SCIM_ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';

/** The body of a refusal (RFC 7644, section 3.12). */
export interface ScimRefusal {
  schemas: string[];
  /** A number as text. */
  status: string;
  scimType?: string;
  detail: string;
}

type Named = { code: string; status: number };

/**
 * What is wrong with the form of a request is 400 there, and has a `scimType`. That of other refusals is their code, where it
 * is one of the RFCs, which are lower case.
 */
export function scimError({ code, status }: Named): Named {
  if (status === 422) return { code: 'invalidValue', status: 400 };
  return { code: code === 'MALFORMED_REQUEST' ? 'invalidSyntax' : code, status };
}

export const isScimType = (code: string): boolean => /^[a-z]/.test(code);

export function scimRefusal(failure: Failure): ScimRefusal {
  const { code, status } = scimError(failure);
  const [detail] = failure.details;
  const more = detail ? `: ${detail.field} ${detail.reason}` : '';
  return {
    schemas: [SCIM_ERROR],
    status: String(status),
    ...(isScimType(code) ? { scimType: code } : {}),
    detail: failure.message + more,
  };
}

/** The errors under the names that a caller sees. */
export function scimErrors(errors: readonly ErrorDeclaration[]): ErrorDeclaration[] {
  const byName = new Map<string, ErrorDeclaration>();
  for (const declaration of errors) {
    const { code, status } = scimError(declaration);
    const name = `${status} ${code}`;
    if (!byName.has(name))
      byName.set(
        name,
        code === declaration.code && status === declaration.status
          ? declaration
          : error(code, status, declaration.summary),
      );
  }
  return [...byName.values()];
}
