/** Why a URL was not fetched, with what a person may be told. No message names an address or quotes an answer. */
const REASONS = {
  invalid_url: 'This is not a URL that can be fetched',
  scheme_not_allowed: 'The URL must begin with https://',
  port_not_allowed: 'The port of the URL is not allowed',
  address_not_allowed: 'The URL leads to an address that is not allowed',
  header_not_allowed: 'A header of the request is not allowed',
  dns: 'The host of the URL has no address that could be found',
  refused: 'No connection could be made',
  tls: 'No secure connection could be made, as with a certificate that is not valid',
  timeout: 'There was no complete answer in time',
  too_large: 'The answer is too large',
  broken_off: 'The connection was closed before the answer was complete',
  invalid_answer: 'The answer could not be read',
  redirect_not_allowed: 'The answer leads to another URL, to which it is not followed',
  aborted: 'The request was given up',
} as const;

export type OutboundReason = keyof typeof REASONS;

/**
 * What every fetch that does not succeed ends with. It has no `cause`: those of the libraries name addresses and quote
 * answers, and would come into logs and to people by it.
 */
export class OutboundFailure extends Error {
  override readonly name = 'OutboundFailure';
  readonly reason: OutboundReason;
  /** Name of the cause in Node or a library, as `ECONNREFUSED` or `CERT_HAS_EXPIRED`. */
  readonly code: string | undefined;

  constructor(reason: OutboundReason, code?: string) {
    super(REASONS[reason]);
    this.reason = reason;
    this.code = code;
  }
}

const BY_CODE: readonly [RegExp, OutboundReason][] = [
  [/^(ETIMEDOUT|UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT)$/, 'timeout'],
  [
    /^(ECONNREFUSED|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|EADDRNOTAVAIL|EACCES|EPERM|EINVAL)$/,
    'refused',
  ],
  [/^UND_ERR_HEADERS_OVERFLOW$/, 'too_large'],
  [/^UND_ERR_INVALID_ARG$/, 'header_not_allowed'],
  [/^(HPE_\w+|Z_\w+|ERR_\w*BROTLI\w*|ERR_PADDING_\w+|ERR__ERROR_\w+)$/, 'invalid_answer'],
];

export const codeOf = (cause: unknown): string | undefined => {
  const code = (cause as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
};

/** What a cause that a library threw means; a mistake in this library stays what it is. */
export function failureOf(cause: unknown): unknown {
  const code = codeOf(cause);
  // Of undici, not always with a code, and with the answer in it.
  if ((cause as Error | null)?.name === 'HTTPParserError') return new OutboundFailure('invalid_answer', code);
  if (cause instanceof OutboundFailure || code === undefined) return cause;
  return new OutboundFailure(BY_CODE.find(([form]) => form.test(code))?.[1] ?? 'broken_off', code);
}
