import type { TokenKind } from '@rivergate/caller';
import { spec } from '@rivergate/endpoint';
import { tokenState } from './identity.ts';

/** The same question about a token of SCIM. */
export const scimTokenState = spec({
  ...tokenState,
  owner: 'sso',
  operation: 'getScimTokenState',
  path: '/internal/scim/tokens/state',
});

/** Who knows the tokens of a kind. */
export const TOKEN_OWNERS: Record<TokenKind, typeof tokenState | typeof scimTokenState> = {
  pat: tokenState,
  oauth: tokenState,
  scim: scimTokenState,
};
