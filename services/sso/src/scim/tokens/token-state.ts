import { scimTokenState as spec, TokenNotFound } from '@rivergate/contracts';
import { acrossOrganizations } from '@rivergate/endpoint';
import { endpoint } from '../../endpoint.ts';
import { touchToken } from './token-store.ts';

/** Asked by the gateway, about once a minute for a token in use. */
export const tokenState = endpoint(spec, async ({ body, db }) => {
  // For which organization it is, only the answer tells.
  await acrossOrganizations(db);
  const state = await touchToken(db, body.token_hash);
  if (!state) throw TokenNotFound();
  return state;
});
