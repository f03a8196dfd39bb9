import { consumer, on, userProfileChanged, userStatusChanged, userVerified } from '@rivergate/events';
import { introduce, rename, setAccountStatus } from './people-store.ts';

/** Keeps what this service knows of users in step with identity. */
export const keepPeople = consumer({
  name: 'people',
  on: [
    on(userVerified, async ({ data }, { db }) => {
      const { user_id: userId, email, display_name: displayName } = data;
      await introduce(db, { userId, email, displayName, verified: true });
    }),
    on(userProfileChanged, async ({ data }, { db }) => await rename(db, data.user_id, data.display_name)),
    on(userStatusChanged, async ({ data }, { db }) => await setAccountStatus(db, data.user_id, data.status)),
  ],
});
