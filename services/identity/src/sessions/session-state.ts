import { SessionNotFound, sessionState as spec } from '@rivergate/contracts';
import { endpoint } from '../endpoint.ts';
import { touchSession } from './session-store.ts';

/** Asked by the gateway, about once a minute for a session in use. */
export const sessionState = endpoint(spec, async ({ params, db }) => {
  const state = await touchSession(db, params.session_id);
  if (!state) throw SessionNotFound();
  return state;
});
