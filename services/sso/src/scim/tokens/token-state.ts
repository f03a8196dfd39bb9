import { scimTokenState as spec, TokenNotFound } from '@rivergate/contracts';
import { endpoint } from '../../endpoint.ts';
import { touchToken } from './token-store.ts';

/** Asked by the gateway, about once a minute for a token in use. */
export const tokenState = endpoint(spec, async ({ body, db }) => {
  const state = await touchToken(db, body.token_hash);
  if (!state) throw TokenNotFound();
  return state;
});
