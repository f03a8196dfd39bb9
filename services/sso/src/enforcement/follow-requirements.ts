import { consumer, on, ssoRequirementChanged } from '@rivergate/events';
import { keepEnforcement } from './enforcement-store.ts';

/** Learns what organization has decided, also where the process that asked it for that did not live to hear it. */
export const followRequirements = consumer({
  name: 'follow-requirements',
  on: [
    on(ssoRequirementChanged, async ({ data, time }, { db }) => {
      const { organization_id, revision, required: enforced, break_glass_user_ids } = data;
      await keepEnforcement(db, { organization_id, revision, enforced, break_glass_user_ids }, time);
    }),
  ],
});
