import { consumer, on, ssoRequirementChanged } from '@rivergate/events';

/**
 * Keeps which organizations let people in by their identity provider only. To build the table anew, empty it and give the
 * consumer another name.
 */
export const ssoRequirements = consumer({
  name: 'sso-requirements',
  on: [
    on(ssoRequirementChanged, async ({ data }, { db }) => {
      const { organization_id, revision, required, break_glass_user_ids, exempt_user_ids, login_url } = data;
      const except_user_ids = [...break_glass_user_ids, ...exempt_user_ids];
      await db('sso_requirements')
        .insert({ organization_id, revision, required, except_user_ids, login_url })
        .onConflict('organization_id')
        .merge()
        .where('sso_requirements.revision', '<', revision);
    }),
  ],
});
