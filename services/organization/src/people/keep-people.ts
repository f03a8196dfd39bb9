import {
  consumer,
  emailChanged,
  on,
  userProfileChanged,
  userRemoved,
  userStatusChanged,
  userVerified,
} from '@rivergate/events';
import { changeEmail, changeProfile, forgetUnverified, introduce, setAccountStatus } from './people-store.ts';

/** Keeps what this service knows of users in step with identity. */
export const keepPeople = consumer({
  name: 'people',
  on: [
    on(userVerified, async ({ data }, { db }) => {
      const { user_id: userId, email, display_name: displayName } = data;
      await introduce(db, { userId, email, displayName, verified: true });
    }),
    on(userProfileChanged, async ({ data }, { db }) => {
      const { user_id: userId, display_name: displayName, profile_image_url: profileImageUrl } = data;
      await changeProfile(db, userId, { displayName, profileImageUrl });
    }),
    on(emailChanged, async ({ data }, { db }) => await changeEmail(db, data.user_id, data.new_email)),
    on(userStatusChanged, async ({ data }, { db }) => await setAccountStatus(db, data.user_id, data.status)),
    on(userRemoved, async ({ data }, { db }) => await forgetUnverified(db, data.user_id)),
  ],
});
