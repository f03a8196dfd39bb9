import { prefixOf } from './token.ts';

/**
 * Prefixes of the bearer tokens by which an OAuth client proves itself to the service that answers it: to register (RFC
 * 7591, section 3) and to look after its registration (RFC 7592, section 1.2). They open nothing else, and of no other
 * bearer token does a gateway tell a service.
 */
export const CLIENT_TOKENS = { registration: 'reg', registeredClient: 'rat' } as const;

export type ClientTokenKind = keyof typeof CLIENT_TOKENS;

/** The token of a header `Authorization` (RFC 6750, section 2.1), where it has the form of one of these; else undefined. */
export function clientToken(
  authorization: string | undefined,
): { kind: ClientTokenKind; token: string } | undefined {
  const token = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) return undefined;
  const prefix = prefixOf(token);
  const kind = (Object.keys(CLIENT_TOKENS) as ClientTokenKind[]).find(one => CLIENT_TOKENS[one] === prefix);
  return kind && { kind, token };
}
