import {
  consumer,
  type EventDeclaration,
  on,
  sessionMoved,
  sessionOpened,
  sessionRefreshed,
} from '@rivergate/events';
import type { Knex } from 'knex';

/** When a user logged in, or was seen: a session is refreshed at least once an hour while it is in use. */
async function noteActivity(
  db: Knex.Transaction,
  userId: number,
  time: string,
  { login }: { login: boolean },
): Promise<void> {
  await db.raw(
    `insert into user_activity (user_id, last_login_at, last_activity_at)
     select :userId, cast(:loginAt as timestamptz), :time
     where not exists (select from people where user_id = :userId and status = 'erased')
     on conflict (user_id) do update set
       last_login_at = greatest(user_activity.last_login_at, excluded.last_login_at),
       last_activity_at = greatest(user_activity.last_activity_at, excluded.last_activity_at)`,
    { userId, loginAt: login ? time : null, time },
  );
}

const seen = (declaration: EventDeclaration, login = false) =>
  on(declaration, async ({ data, time }, { db }) =>
    noteActivity(db, (data as { user_id: number }).user_id, time, { login }),
  );

/** Keeps when users were last seen in step with identity. */
export const keepActivity = consumer({
  name: 'user-activity',
  on: [seen(sessionOpened, true), seen(sessionRefreshed), seen(sessionMoved)],
});
