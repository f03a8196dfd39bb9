import { startingPoint } from '@rivergate/contracts';
import type { Call, RequestFacts } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { placeSession, type Session } from './session-store.ts';

/** How long looking up an organization may delay new tokens, in milliseconds. */
const DEADLINE = 1_000;

/**
 * Places a session that began while the organization service was down, or whose user had no organization yet.
 *
 * @returns the session as it is then
 */
export async function findPlace(
  { call, knex, request }: { call: Call; knex: Knex; request: RequestFacts },
  session: Session,
): Promise<Session> {
  const query = request.ip === null ? {} : { ip: request.ip };
  const question = { params: { user_id: session.user_id }, query };
  const { organization_id, workspace_id } = await call(startingPoint, question, { deadline: DEADLINE });
  if (organization_id === null) return session;
  return (await placeSession(knex, session, { organization_id, workspace_id })) ?? session;
}
